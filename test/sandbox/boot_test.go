package sandbox

import (
	"context"
	"os"
	"testing"
	"time"
)

func TestBoot(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	s, err := Start(ctx, Options{Dir: t.TempDir(), Log: os.Stderr, Binaries: os.Getenv("CP")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
}
