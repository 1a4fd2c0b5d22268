// Package probe sends requests at a constant rate and counts what becomes of
// each: answered as expected, answered differently, or lost.
//
// The load is open: request n is due at the beginning plus n/rate, whatever became
// of those before it, and every request has a goroutine of its own. A latency is
// measured from the moment its request was due, not from when it could be sent. A
// server that stalls for a second at 50 requests per second therefore shows in 50
// latencies, as its clients would feel it; a closed loop, which waits for answers,
// would show one ("coordinated omission").
//
// Latencies are those of answered requests and of those that ran into the timeout,
// which waited at least that long. Requests that failed at once are counted as lost
// and have no latency: a refused connection must not make percentiles look good.
//
// Memory is bounded by rate × timeout, for hours: latencies go to a histogram, and
// of lost and changed requests the first MaxEvents are kept, all are counted.
package probe
