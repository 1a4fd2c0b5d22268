package kubelet

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestExpand(t *testing.T) {
	values := map[string]string{"IP": "127.0.1.1", "EMPTY": "", "LOOP": "$(IP)"}
	for text, want := range map[string]string{
		"$(IP):80":         "127.0.1.1:80",
		"$(IP)$(IP)":       "127.0.1.1127.0.1.1",
		"[$(EMPTY)]":       "[]",
		"$(LOOP)":          "$(IP)",
		"$(UNKNOWN)":       "$(UNKNOWN)",
		"$$(IP)":           "$(IP)",
		"$$$(IP)":          "$127.0.1.1",
		"$IP ${IP} 5$ $":   "$IP ${IP} 5$ $",
		"$(IP":             "$(IP",
		"a$(IP)b$(NO)c$$d": "a127.0.1.1b$(NO)c$d",
	} {
		if got := expand(text, values); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestRewrite(t *testing.T) {
	m := mounts{{"/etc/traefik", "/real/config"}, {"/etc/traefik/acme", "/real/acme"}, {"/data", "/real/data"}}
	m.sort()
	for text, want := range map[string]string{
		"/etc/traefik":                      "/real/config",
		"--configFile=/etc/traefik/t.toml":  "--configFile=/real/config/t.toml",
		"/etc/traefik/acme/acme.json":       "/real/acme/acme.json",
		"/etc/traefik2/t.toml":              "/etc/traefik2/t.toml",
		"/etc/traefik.d":                    "/etc/traefik.d",
		"x/etc/traefik":                     "x/etc/traefik",
		"http://host/data/x":                "http://host/data/x",
		"/data:/etc/traefik,\"/data/a\"":    "/real/data:/real/config,\"/real/data/a\"",
		"/data/data":                        "/real/data/data",
		"nothing":                           "nothing",
		"":                                  "",
		"certFile = '/data/tls.crt' # /dat": "certFile = '/real/data/tls.crt' # /dat",
	} {
		if got := m.rewrite(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestFamiliar(t *testing.T) {
	for image, want := range map[string]string{
		"traefik":                             "traefik:latest",
		"docker.io/library/traefik:v2.11":     "traefik:v2.11",
		"docker.io/org/app:1":                 "org/app:1",
		"registry.example:5000/app":           "registry.example:5000/app:latest",
		"registry.example:5000/app@sha256:00": "registry.example:5000/app@sha256:00",
	} {
		if got := familiar(image); got != want {
			t.Errorf("%q is %q, want %q", image, got, want)
		}
	}
}

func TestWriteAtomically(t *testing.T) {
	dir := t.TempDir()
	read := func() map[string]string {
		got := map[string]string{}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if data, err := os.ReadFile(filepath.Join(dir, e.Name())); err == nil {
				got[e.Name()] = string(data)
			} else if data, err := os.ReadFile(filepath.Join(dir, e.Name(), "deep")); err == nil && e.Name()[0] != '.' {
				got[e.Name()+"/deep"] = string(data)
			}
		}
		return got
	}
	for _, step := range []struct {
		write files
		want  map[string]string
	}{
		{files{"a": {"1", 0o644}, "sub/deep": {"2", 0o400}}, map[string]string{"a": "1", "sub/deep": "2"}},
		{files{"a": {"3", 0o644}, "b": {"4", 0o644}}, map[string]string{"a": "3", "b": "4"}},
		{files{"../../escape": {"5", 0o644}}, map[string]string{"escape": "5"}},
		{files{}, map[string]string{}},
	} {
		if err := writeAtomically(dir, step.write); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, read()); diff != "" {
			t.Error(diff)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("old content is left: %v, %v", entries, err)
	}
}

func TestClash(t *testing.T) {
	pod := func(ip string, port int32, protocol corev1.Protocol) *corev1.Pod {
		return &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Ports: []corev1.ContainerPort{{HostIP: ip, HostPort: port, Protocol: protocol}, {ContainerPort: 9}},
		}}}}
	}
	for name, c := range map[string]struct {
		a, b *corev1.Pod
		want int32
	}{
		"same port":        {pod("", 80, "TCP"), pod("", 80, "TCP"), 80},
		"other port":       {pod("", 80, "TCP"), pod("", 81, "TCP"), 0},
		"other protocol":   {pod("", 80, "TCP"), pod("", 80, "UDP"), 0},
		"other address":    {pod("127.0.0.1", 80, "TCP"), pod("127.0.0.2", 80, "TCP"), 0},
		"every address":    {pod("0.0.0.0", 80, "TCP"), pod("127.0.0.2", 80, "TCP"), 80},
		"none has a claim": {pod("", 0, "TCP"), pod("", 0, "TCP"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := clash(c.a, c.b); got != c.want {
				t.Errorf("clash %d, want %d", got, c.want)
			}
		})
	}
}

func TestAddressesAreUsedAgainLate(t *testing.T) {
	pool := newAddressPool(func(m int) string { return string(rune('a' + m)) })
	first, _ := pool.take("1")
	again, _ := pool.take("1")
	if first != again {
		t.Errorf("a pod got %q and %q", first, again)
	}
	pool.free("1")
	if next, _ := pool.take("2"); next == first {
		t.Error("a freed address is used again at once")
	}
	for range podAddresses {
		pool.free("x")
		if _, err := pool.take("x"); err != nil {
			t.Fatal(err)
		}
	}
}
