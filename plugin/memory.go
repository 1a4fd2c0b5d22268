package plugin

import (
	"os"
	"runtime/debug"
)

// gcPercent lets the heap grow by a fifth between two collections: conversion
// needs little processor time, and a pipeline's container has little memory.
const gcPercent = 20

// sparingMemory collects garbage early, unless GOGC says when, until restore is
// called.
func sparingMemory() (restore func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(gcPercent)
	return func() { debug.SetGCPercent(before) }
}
