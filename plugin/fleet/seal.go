package fleet

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
	return recordPatch(s, record)
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
