package world

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
)

// Story is a set in a file of txtar form:
//
//	(comment)      what it shows
//	input.yaml     Ingresses, Services, Endpoints, Secrets, Middlewares, …
//	requests.txt   a request per line: METHOD URL [Header=value …]
//	profile        optional: the name of the source's static configuration
type Story struct {
	Comment string
	Profile string
	Set     *Set
}

// ReadStory reads a file that WriteStory wrote, or one written by hand: Services
// of package world that the Ingresses name and input.yaml leaves out are added.
func ReadStory(text []byte) (Story, error) {
	archive := txtar.Parse(text)
	story := Story{Comment: string(archive.Comment), Set: &Set{}}
	for _, file := range archive.Files {
		var err error
		switch file.Name {
		case "input.yaml":
			err = story.Set.readObjects(file.Data)
		case "requests.txt":
			err = story.Set.readRequests(string(file.Data))
		case "profile":
			story.Profile = strings.TrimSpace(string(file.Data))
		}
		if err != nil {
			return Story{}, fmt.Errorf("%s: %w", file.Name, err)
		}
	}
	story.Set.Complete()
	return story, nil
}

func (s *Set) readRequests(text string) error {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := judge.ParseRequest(line)
		if err != nil {
			return err
		}
		s.Requests = append(s.Requests, r)
	}
	return nil
}

func (s *Set) readObjects(text []byte) error {
	for i, document := range bytes.Split(append([]byte("\n"), text...), []byte("\n---\n")) {
		var kind struct{ Kind string }
		if err := yaml.Unmarshal(document, &kind); err != nil {
			return fmt.Errorf("document %d: %w", i+1, err)
		}
		var err error
		switch kind.Kind {
		case "":
		case "Ingress":
			err = read(document, &s.Ingresses)
		case "Service":
			err = read(document, &s.Services)
		case "Endpoints":
			err = read(document, &s.Endpoints)
		case "Secret":
			err = read(document, &s.Secrets)
		case "Middleware", "TLSOption", "ServersTransport":
			err = read(document, &s.Traefik)
		default:
			err = fmt.Errorf("stories do not know kind %s", kind.Kind)
		}
		if err != nil {
			return fmt.Errorf("document %d: %w", i+1, err)
		}
	}
	return nil
}

func read[T any](document []byte, to *[]*T) error {
	out := new(T)
	if err := yaml.UnmarshalStrict(document, out); err != nil {
		return err
	}
	*to = append(*to, out)
	return nil
}

// Write writes the story as a file's content.
func (s Story) Write() ([]byte, error) {
	var documents [][]byte
	add := func(object any) error {
		text, err := yaml.Marshal(object)
		documents = append(documents, trim(text))
		return err
	}
	for _, o := range s.Set.Ingresses {
		o = o.DeepCopy()
		o.APIVersion, o.Kind = networkingv1.SchemeGroupVersion.String(), "Ingress"
		if err := add(o); err != nil {
			return nil, err
		}
	}
	for _, o := range s.Set.Services {
		if err := add(o); err != nil {
			return nil, err
		}
	}
	for _, o := range s.Set.Endpoints {
		if err := add(o); err != nil {
			return nil, err
		}
	}
	for _, o := range s.Set.Secrets {
		o = o.DeepCopy()
		o.APIVersion, o.Kind = corev1.SchemeGroupVersion.String(), "Secret"
		if err := add(o); err != nil {
			return nil, err
		}
	}
	for _, o := range s.Set.Traefik {
		if err := add(o); err != nil {
			return nil, err
		}
	}
	var requests strings.Builder
	for _, r := range s.Set.Requests {
		fmt.Fprintln(&requests, r)
	}
	archive := &txtar.Archive{
		Comment: []byte(strings.TrimRight(s.Comment, "\n") + "\n"),
		Files: []txtar.File{
			{Name: "input.yaml", Data: bytes.Join(documents, []byte("---\n"))},
			{Name: "requests.txt", Data: []byte(requests.String())},
		},
	}
	if s.Profile != "" {
		archive.Files = append(archive.Files, txtar.File{Name: "profile", Data: []byte(s.Profile + "\n")})
	}
	return txtar.Format(archive), nil
}

// trim drops the empty status that typed objects carry.
func trim(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte("status:\n  loadBalancer: {}\n"), nil)
	return bytes.ReplaceAll(text, []byte("  creationTimestamp: null\n"), nil)
}
