package legacyapi

import (
	"encoding/json"
	"errors"
	"io"
)

// framesToOld translates a watch: JSON objects one after the other, each with
// the type of the event and the object. Bookmarks are Ingresses too; an error
// carries a Status, which toOld leaves alone.
func framesToOld(upstream io.ReadCloser) io.ReadCloser {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(copyFrames(writer, upstream)) }()
	return &frames{PipeReader: reader, upstream: upstream}
}

// frames ends the upstream watch together with the client's.
type frames struct {
	*io.PipeReader
	upstream io.Closer
}

func (f *frames) Close() error {
	return errors.Join(f.upstream.Close(), f.PipeReader.Close())
}

func copyFrames(to io.Writer, from io.Reader) error {
	decoder := json.NewDecoder(from)
	decoder.UseNumber()
	encoder := json.NewEncoder(to)
	for {
		var event struct {
			Type   string `json:"type"`
			Object object `json:"object"`
		}
		if err := decoder.Decode(&event); err != nil {
			return err // io.EOF ends the client's watch as the server ended ours
		}
		toOld(event.Object)
		if err := encoder.Encode(event); err != nil {
			return err
		}
	}
}
