package cutover

import (
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

// jumping is a clock that waits for nothing.
type jumping struct{ now time.Time }

func (j *jumping) Now() time.Time { return j.now }

func (j *jumping) After(d time.Duration) <-chan time.Time {
	j.now = j.now.Add(d)
	c := make(chan time.Time, 1)
	c <- j.now
	return c
}

type deaf struct{}

func (deaf) Observe(Event) {}

// A leader that does not renew its lease is found, whatever the clocks say; one
// that does is waited for no longer than its next renewal.
func TestSilence(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, test := range map[string]struct {
		// renewed tells what the lease says at a time; nil: there is no lease.
		renewed func(now time.Time) time.Time
		away    time.Duration // between two looks
		want    [2]time.Duration
		atMost  time.Duration
	}{
		"no lease":              {},
		"alive":                 {renewed: func(now time.Time) time.Time { return now.Truncate(2 * time.Second) }, atMost: 5 * time.Second},
		"alive, its clock late": {renewed: func(now time.Time) time.Time { return now.Add(-10 * time.Minute).Truncate(2 * time.Second) }, atMost: 5 * time.Second},
		"dead, its clock early": {renewed: func(time.Time) time.Time { return start.Add(10 * time.Minute) }, want: [2]time.Duration{time.Minute, time.Minute}, atMost: 3 * time.Minute},
		"died between two looks": {renewed: func(now time.Time) time.Time {
			if now.After(start.Add(10 * time.Second)) {
				now = start.Add(10 * time.Second)
			}
			return now.Truncate(2 * time.Second)
		}, away: 5 * time.Minute, want: [2]time.Duration{0, time.Minute}, atMost: 7 * time.Minute},
		"left behind": {renewed: func(time.Time) time.Time { return start.Add(-48 * time.Hour) }},
	} {
		t.Run(name, func(t *testing.T) {
			clock := &jumping{now: start}
			client := fake.NewClientset()
			client.PrependReactor("get", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
				if test.renewed == nil {
					return false, nil, nil
				}
				at, seconds := metav1.NewMicroTime(test.renewed(clock.now)), int32(15)
				return true, &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{RenewTime: &at, LeaseDurationSeconds: &seconds}}, nil
			})
			s := &session{Engine: &Engine{Client: client, Clock: clock, Observer: deaf{}, Settings: DefaultSettings()}, pulses: map[string]pulse{}}
			var got [2]time.Duration
			for i := range got {
				silent, err := s.silence(t.Context(), leaders[0])
				if err != nil {
					t.Fatal(err)
				}
				got[i] = silent
				if i == 0 {
					clock.now = clock.now.Add(test.away)
				}
			}
			if got != test.want {
				t.Errorf("silent for %v, want %v", got, test.want)
			}
			if took := clock.now.Sub(start); took > test.atMost {
				t.Errorf("it took %s", took)
			}
		})
	}
}
