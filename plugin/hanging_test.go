package plugin

import "testing"

func TestHang(t *testing.T) {
	const text = "Plan       traefik-1.7 -> traefik-2.11: DaemonSet kube-system/traefik1 gives 4 nodes to kube-system/traefik2\nFloor      3 of 4 nodes serve at any moment\n"
	for width, want := range map[int]string{
		0:   text,
		200: text,
		80:  "Plan       traefik-1.7 -> traefik-2.11: DaemonSet kube-system/traefik1 gives 4\n           nodes to kube-system/traefik2\nFloor      3 of 4 nodes serve at any moment\n",
	} {
		if got := hang(text, width); got != want {
			t.Errorf("at %d columns:\n%swant\n%s", width, got, want)
		}
	}
}
