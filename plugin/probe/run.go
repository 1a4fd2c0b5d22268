package probe

import (
	"context"
	"math"
	"sync"
	"time"
)

// tooLate is how far behind a request may still be sent. A machine that was
// suspended for an hour must not send an hour's requests at once.
const tooLate = 5 * time.Second

// Run is a load that is going on.
type Run struct {
	tally   *tally
	stop    chan struct{}
	once    sync.Once
	done    chan struct{}
	abandon context.CancelFunc
}

// Start begins to send. Stop or the load's duration end it; Wait must follow.
func Start(load Load) (*Run, error) {
	if err := load.check(); err != nil {
		return nil, err
	}
	templates, err := load.templates()
	if err != nil {
		return nil, err
	}
	ctx, abandon := context.WithCancel(context.Background())
	r := &Run{
		tally: newTally(&load, time.Now()),
		stop:  make(chan struct{}), done: make(chan struct{}), abandon: abandon,
	}
	senders := make([]*sender, len(templates))
	for i, template := range templates {
		senders[i] = &sender{load: &load, template: template, judge: load.Requests[i].Judge}
		if senders[i].judge == nil {
			senders[i].judge = noServerError
		}
	}
	go r.run(ctx, &load, senders)
	return r, nil
}

// Stop sends no more. What is under way may still be answered.
func (r *Run) Stop() { r.once.Do(func() { close(r.stop) }) }

// Abandon is Stop without patience: what is under way counts as unanswered.
func (r *Run) Abandon() {
	r.Stop()
	r.abandon()
}

// Done is closed when every request that was sent has its outcome.
func (r *Run) Done() <-chan struct{} { return r.done }

// Wait returns the report when every request that was sent has its outcome.
func (r *Run) Wait() *Report {
	<-r.done
	r.abandon()
	return r.tally.final()
}

// Now returns what is known so far.
func (r *Run) Now() *Snapshot { return r.tally.snapshot(time.Now()) }

func (r *Run) run(ctx context.Context, load *Load, senders []*sender) {
	defer close(r.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	began, count := r.tally.report.Began, load.count()
	var flying sync.WaitGroup
	interrupted := false
	for n := int64(0); n < count; n++ {
		due := began.Add(load.due(n))
		if interrupted = !r.sleepUntil(timer, due); interrupted {
			break
		}
		if late := time.Since(due); late > tooLate {
			next := min(count, max(n+1, int64(math.Ceil(time.Since(began).Seconds()*load.Rate))))
			r.tally.skip(next - n)
			n = next - 1
			continue
		}
		i := int(n % int64(len(senders)))
		r.tally.begin(n, i, due, time.Now())
		flying.Go(func() { r.tally.end(n, i, senders[i].send(ctx, due)) })
	}
	// The last request has its share of time, too: 50 at 50 per second take a second.
	if load.Duration > 0 && !interrupted {
		interrupted = !r.sleepUntil(timer, began.Add(load.Duration))
	}
	r.tally.sentAll(time.Now(), interrupted && load.Duration > 0)
	flying.Wait()
	if keeper, ok := load.Transport.(interface{ CloseIdleConnections() }); ok {
		keeper.CloseIdleConnections()
	}
	r.tally.ended(time.Now())
}

// sleepUntil is false when the run was stopped.
func (r *Run) sleepUntil(timer *time.Timer, due time.Time) bool {
	wait := time.Until(due)
	if wait <= 0 {
		select {
		case <-r.stop:
			return false
		default:
			return true
		}
	}
	timer.Reset(wait)
	select {
	case <-r.stop:
		return false
	case <-timer.C:
		return true
	}
}
