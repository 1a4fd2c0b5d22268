// Package process starts programs that cannot outlive the program that started
// them, and ends exactly those.
//
// Linux can send a child a signal when its parent dies, but "parent" means the
// operating system thread that made the child, not the process. The Go runtime
// ends threads as it sees fit, so a Starter makes every child on one thread that
// it keeps locked until Close.
package process
