package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source/block"
)

// toJSON translates one YAML document. Those in plain block style, which is
// nearly every manifest, take the short way with the same result. Keys that are given twice do not make it
// unreadable: repeated has a sentence for each, and the last value counts, as it
// does for the API server.
func toJSON(text []byte) (raw json.RawMessage, repeated []string, err error) {
	if raw, ok := block.ToJSON(text); ok {
		return raw, nil, nil
	}
	raw, err = yaml.YAMLToJSONStrict(text)
	if err == nil {
		return raw, nil, nil
	}
	sentences := repeatedKeys(err)
	raw, err = yaml.YAMLToJSON(text)
	return raw, sentences, err
}

var repeatedKey = regexp.MustCompile(`line (\d+): key ("(?:[^"\\]|\\.)*") already set in map`)

func repeatedKeys(err error) []string {
	var sentences []string
	for _, match := range repeatedKey.FindAllStringSubmatch(err.Error(), -1) {
		sentences = append(sentences, fmt.Sprintf("line %s: key %s is given twice, the last one counts", match[1], match[2]))
	}
	return sentences
}

var lineNumber = regexp.MustCompile(`^line (\d+): `)

// yamlError says in the file's lines what the parser says in the document's.
func yamlError(err error, documentLine int) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	return "not readable as YAML: " + shiftLine(strings.ReplaceAll(text, "\n", " "), documentLine)
}

func shiftLine(text string, documentLine int) string {
	match := lineNumber.FindStringSubmatch(text)
	if match == nil {
		return text
	}
	n, err := strconv.Atoi(match[1])
	if err != nil {
		return text
	}
	return fmt.Sprintf("line %d: %s", documentLine+n-1, text[len(match[0]):])
}

// fieldError turns an error of decoding into the field and a sentence. Neither
// carries a value: it could be a secret.
func fieldError(err error) (field, text string) {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		// Embedded Go structs are no part of the manifest's path.
		return strings.ReplaceAll(wrong.Field, "IngressRuleValue.", ""), fmt.Sprintf("want %s, have %s", word(wrong.Type), jsonWord(wrong.Value))
	}
	var strict kjson.FieldError
	if errors.As(err, &strict) {
		text := "unknown field, it has no effect"
		if strings.HasPrefix(err.Error(), "duplicate field") {
			text = "field is given twice, the last one counts"
		}
		return strict.FieldPath(), text
	}
	return "", "cannot be read: " + err.Error()
}

func word(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a mapping"
	case reflect.Pointer:
		return word(t.Elem())
	}
	return "a number"
}

// jsonWord says "a mapping" for the decoder's "object"; a number comes with its
// digits, which are left out.
func jsonWord(value string) string {
	kind, _, _ := strings.Cut(value, " ")
	switch kind {
	case "object":
		return "a mapping"
	case "array":
		return "a list"
	case "string":
		return "text"
	case "bool":
		return "true or false"
	}
	return "a number"
}
