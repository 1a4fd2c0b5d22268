package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// leastGCPercent lets the heap grow by a quarter between two collections: it is a
	// cache of the cluster that hardly changes, and processor time is needed for little.
	leastGCPercent = 25
	// mostGCPercent is Go's usual one.
	mostGCPercent = 100
	// roomyHeap is up to how many bytes the heap grows with fewer collections than that.
	// Filling the caches makes many times as much garbage as they hold in the end, so
	// below it collections cost as much as decoding. It is less than what the caches of
	// 20,000 Ingresses take with leastGCPercent, so the peak of those stays as it is.
	roomyHeap = 170 << 20
)

// spareMemory collects garbage as early as the size of the heap asks for, unless GOGC
// says when.
func spareMemory() {
	if os.Getenv("GOGC") != "" {
		return
	}
	percent := mostGCPercent
	debug.SetGCPercent(percent)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	afterEachCollection(func() {
		metrics.Read(live)
		if next := gcPercent(live[0].Value.Uint64()); next != percent {
			percent = next
			debug.SetGCPercent(percent)
		}
	})
}

// gcPercent is by how much a heap with so many bytes in use may grow until the next
// collection.
func gcPercent(live uint64) int {
	if live == 0 {
		return mostGCPercent
	}
	return int(max(leastGCPercent, min(mostGCPercent, (roomyHeap-int64(min(live, roomyHeap)))*100/int64(live))))
}

// afterEachCollection calls do, never twice at once, when garbage was collected.
func afterEachCollection(do func()) {
	// An object that nobody refers to is found by the next collection.
	type collected struct{ do func() }
	runtime.SetFinalizer(&collected{do}, func(c *collected) {
		c.do()
		afterEachCollection(c.do)
	})
}
