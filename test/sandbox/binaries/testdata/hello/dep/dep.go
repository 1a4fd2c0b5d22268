// Package dep carries a version.
package dep

// Version is stamped by the linker.
var Version = "unstamped"
