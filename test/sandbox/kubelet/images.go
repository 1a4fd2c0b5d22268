package kubelet

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// Program is what runs when a container has a certain image.
type Program struct {
	// Path of the executable.
	Path string
	// Args stand before the container's own arguments.
	Args []string
	// Env is NAME=value, overridden by the container's own variables.
	Env []string
	// APIServer, when set, replaces Options.APIServer in the pod's KUBECONFIG.
	APIServer *APIServer
	// RewriteFiles also replaces mount paths inside the files of ConfigMap and
	// Secret volumes: for programs whose configuration file names other mounted
	// files.
	RewriteFiles bool
}

// APIServer is where a pod finds the API.
type APIServer struct {
	URL string
	// CA is PEM.
	CA []byte
}

// images is the table image -> program, and the digests of the programs.
type images struct {
	mu      sync.Mutex
	table   map[string]Program
	digests map[string]digest
}

type digest struct {
	size     int64
	modified time.Time
	sum      string
}

func newImages(table map[string]Program) *images {
	i := &images{table: map[string]Program{}, digests: map[string]digest{}}
	for image, p := range table {
		i.set(image, p)
	}
	return i
}

func (i *images) set(image string, p Program) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.table[familiar(image)] = p
}

func (i *images) lookup(image string) (Program, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	p, ok := i.table[familiar(image)]
	return p, ok
}

// familiar shortens an image's name the way Docker Hub's images are shown, and
// makes the default tag explicit.
func familiar(image string) string {
	image = strings.TrimPrefix(image, "docker.io/")
	image = strings.TrimPrefix(image, "library/")
	if rest := image[strings.LastIndexByte(image, '/')+1:]; !strings.ContainsAny(rest, ":@") {
		image += ":latest"
	}
	return image
}

// id is the image's digest as a registry would report it. It is made from the
// program, so that another build is another image.
func (i *images) id(image string, p Program) (string, error) {
	info, err := os.Stat(p.Path)
	if err != nil {
		return "", fmt.Errorf("image %s: %w", image, err)
	}
	i.mu.Lock()
	known, ok := i.digests[p.Path]
	i.mu.Unlock()
	if !ok || known.size != info.Size() || !known.modified.Equal(info.ModTime()) {
		sum, err := hashFile(p.Path)
		if err != nil {
			return "", fmt.Errorf("image %s: %w", image, err)
		}
		known = digest{size: info.Size(), modified: info.ModTime(), sum: sum}
		i.mu.Lock()
		i.digests[p.Path] = known
		i.mu.Unlock()
	}
	repository := familiar(image)
	repository, _, _ = strings.Cut(repository, "@")
	if colon := strings.LastIndexByte(repository, ':'); colon > strings.LastIndexByte(repository, '/') {
		repository = repository[:colon]
	}
	return repository + "@sha256:" + known.sum, nil
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
