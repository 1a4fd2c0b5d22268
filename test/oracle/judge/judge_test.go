package judge

import (
	"crypto/tls"
	"os"
	"testing"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/pods"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/loopback"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/pki"
)

func TestStart(t *testing.T) { start(t, V1, V2) }

func TestStartNginx(t *testing.T) { start(t, Nginx) }

func start(t *testing.T, versions ...Version) {
	slot, err := loopback.Claim()
	if err != nil {
		t.Fatal(err)
	}
	defer slot.Release()
	authority, err := pki.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Server("pod")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	set, err := pods.Start([]pods.Pod{{Name: SentinelPod, Address: slot.Pod(1)}}, cert)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	for i, v := range versions {
		start := time.Now()
		j, err := Start(t.Context(), os.Stderr, Config{Version: v, Address: slot.Extra(i + 1), SentinelAddress: slot.Pod(1), Dir: t.TempDir(), Certificate: pair, Routes: "allowEmptyServices: true"})
		if err != nil {
			t.Fatal(err)
		}
		t.Log(v, time.Since(start))
		for range 5 {
			start = time.Now()
			if err := j.Load(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			t.Log(v, time.Since(start))
		}
		j.Close()
	}
}
