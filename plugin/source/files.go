package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// Files says which files to read.
type Files struct {
	// Names are files, folders, or "-" for Stdin.
	Names []string
	// Recursive looks into folders below a named folder.
	Recursive bool
	// Kustomize is a folder with a kustomization; empty: none.
	Kustomize string
	Stdin     io.Reader
	// Namespace is given to objects that name none; empty leaves them without.
	Namespace string
	// Complete says that the files hold every Service, Endpoints and Secret, so
	// that one that is missing does not exist.
	Complete bool
}

// FromFiles reads files without contacting a cluster. The error is not nil only
// when there is nothing to convert at all.
func FromFiles(files Files) (Loaded, error) {
	r := newReader(files.Namespace)
	for _, name := range files.Names {
		if err := r.path(name, files); err != nil {
			return Loaded{}, err
		}
	}
	if files.Kustomize != "" {
		if err := r.kustomization(files.Kustomize); err != nil {
			return Loaded{}, err
		}
	}
	loaded := r.loaded()
	loaded.all = loaded.Input.Ingresses
	loaded.Input.ServicesKnown = files.Complete
	loaded.Input.EndpointsKnown = files.Complete
	loaded.Input.SecretsKnown = files.Complete
	return loaded, nil
}

func (r *reader) path(name string, files Files) error {
	if name == "-" {
		content, err := io.ReadAll(files.Stdin)
		if err != nil {
			return fmt.Errorf("reading stdin: %w", err)
		}
		r.file("stdin", content)
		return nil
	}
	if strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://") {
		return fmt.Errorf("reading %s: addresses are not fetched; download it and use -f -", name)
	}
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the path %q does not exist", name)
	}
	if err != nil {
		r.unreadable(name, err)
		return nil
	}
	if !info.IsDir() {
		r.open(name)
		return nil
	}
	return r.folder(name, files.Recursive)
}

// extensions are the file names that kubectl reads in a folder too.
var extensions = [...]string{".json", ".yaml", ".yml"}

func (r *reader) folder(root string, recursive bool) error {
	found, other := 0, 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			r.unreadable(path, err)
			return nil
		case entry.IsDir():
			if path != root && !recursive {
				return fs.SkipDir
			}
			return nil
		case !slices.Contains(extensions[:], strings.ToLower(filepath.Ext(path))):
			other++
			return nil
		}
		found++
		r.open(path)
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading folder %s: %w", root, err)
	}
	if found == 0 && len(r.diagnostics) == 0 {
		hint := ""
		if !recursive {
			hint = "; -R looks into the folders below it"
		}
		return fmt.Errorf("no .yaml, .yml or .json file in folder %s%s", root, hint)
	}
	if other > 0 {
		r.notes = append(r.notes, fmt.Sprintf("%s: passed over %s without .yaml, .yml or .json ending", root, count(other, "file")))
	}
	return nil
}

func (r *reader) open(path string) {
	content, err := os.ReadFile(path)
	if err != nil {
		r.unreadable(path, err)
		return
	}
	r.file(path, content)
}

func (r *reader) unreadable(path string, err error) {
	// A PathError repeats the path that the diagnostic names already.
	if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
		err = inner.Err
	}
	r.report(diag.EBadYAML, diag.Object{Kind: "File", Name: path, File: path}, "", "the file cannot be read: "+err.Error())
}

func (r *reader) kustomization(dir string) error {
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return fmt.Errorf("building the kustomization %s: %w", dir, err)
	}
	content, err := resources.AsYaml()
	if err != nil {
		return fmt.Errorf("building the kustomization %s: %w", dir, err)
	}
	r.file(dir, content)
	return nil
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
