package fleet

import (
	"encoding/json"
)

// Edited tells whether the template is another one than that which was guarded.
func (s *Set) Edited() bool {
	r := s.Guard.Record
	return s.Guard.Present && r != nil && r.Guarded != "" && s.sealed() != "" && s.sealed() != r.Guarded
}

// SealPatch notes the template as it is; nil when there is nothing to note.
func SealPatch(s *Set) ([]byte, error) {
	if s.Guard.Record == nil || !s.Guard.Present || s.sealed() == "" || s.Guard.Record.Guarded == s.sealed() {
		return nil, nil
	}
	record := *s.Guard.Record
	record.Guarded = s.sealed()
	note, err := record.encode(s)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": s.Object.ResourceVersion,
		"annotations":     map[string]any{GuardAnnotation: note},
	}})
}

// sealed is what stands for the template as it is, "" while that is not known.
func (s *Set) sealed() string {
	switch {
	case s.Guard.Story:
		return fingerprint(s.Unguarded())
	case s.Settled:
		return s.Revision
	}
	return ""
}
