package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// document is one YAML or JSON document of a file.
type document struct {
	// number counts documents with content from 1; line is where it begins.
	number, line int
	text         []byte
	// pem is the type of a PEM block ("CERTIFICATE") that stands where a document should.
	pem string
}

// split cuts a file into documents as YAML defines them: a line that begins with
// "---" followed by white space or the line's end starts a document, "..." ends
// one (YAML 1.2.2, section 9.1). Anything else, such as dashes inside a block
// scalar, a comment or a PEM block, does not. A PEM block between documents is
// one of its own, so that the objects around it stay readable. Documents are
// parts of content.
func split(content []byte) []document {
	s := splitter{line: 1, rest: bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))}
	for len(s.rest) > 0 {
		end := bytes.IndexByte(s.rest, '\n') + 1
		if end == 0 {
			end = len(s.rest)
		}
		line := s.rest[:end]
		s.add(line)
		s.rest = s.rest[end:]
	}
	s.cut()
	return s.documents
}

type splitter struct {
	documents []document
	// rest begins with the line that is being read, from with the first one of the
	// current document, of which length bytes are read.
	rest, from []byte
	length     int
	// begin is the line on which the current document began, line the one that is read next.
	begin, line int
	// content is true when it holds more than comments and directives.
	content bool
	// directive is true when it begins with a directive such as %YAML 1.2.
	directive bool
	pem       string
}

func (s *splitter) add(line []byte) {
	switch {
	case s.pem != "":
		s.append(line)
		if bytes.HasPrefix(line, []byte("-----END ")) {
			s.cut()
		}
	case bytes.HasPrefix(line, []byte("-----BEGIN ")):
		s.cut()
		s.append(line)
		label, _, _ := strings.Cut(strings.TrimPrefix(string(line), "-----BEGIN "), "-----")
		s.pem, s.content = strings.TrimSpace(label)+" ", true
	case isMarker(line, "---"):
		// What precedes a marker without content is comments, which go, or
		// directives, which belong to the document that the marker starts.
		if s.content || !s.directive {
			s.cut()
		}
		s.directive = false
		s.append(line)
		rest := bytes.TrimSpace(line[3:])
		s.content = len(rest) > 0 && rest[0] != '#'
	case isMarker(line, "..."):
		s.cut()
	default:
		s.append(line)
		trimmed := bytes.TrimSpace(line)
		switch {
		case len(trimmed) == 0, trimmed[0] == '#':
		case line[0] == '%' && !s.content:
			s.directive = true
		default:
			s.content = true
		}
	}
	s.line++
}

func (s *splitter) append(line []byte) {
	if s.length == 0 {
		s.begin, s.from = s.line, s.rest
	}
	s.length += len(line)
}

func (s *splitter) cut() {
	if s.content {
		s.documents = append(s.documents, document{
			number: len(s.documents) + 1,
			line:   s.begin,
			text:   s.from[:s.length:s.length],
			pem:    strings.TrimSpace(s.pem),
		})
	}
	s.length = 0
	s.content, s.directive, s.pem = false, false, ""
}

func isMarker(line []byte, marker string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(marker))
	return ok && (len(rest) == 0 || strings.IndexByte(" \t\r\n", rest[0]) >= 0)
}

// jsonStream returns the values of a document that is a series of JSON values,
// as jq prints them; false when it is anything else (YAML may begin with a
// brace as well).
func jsonStream(text []byte) ([]json.RawMessage, bool) {
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, false
	}
	if json.Valid(trimmed) { // one value, without a copy
		return []json.RawMessage{trimmed}, true
	}
	var values []json.RawMessage
	decoder := json.NewDecoder(bytes.NewReader(text))
	for {
		var value json.RawMessage
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			return values, true
		}
		if err != nil {
			return nil, false
		}
		values = append(values, value)
	}
}
