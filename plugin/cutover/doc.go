// Package cutover moves the nodes of an edge from one proxy to another and back,
// one label at a time.
//
// What a node is to be served by is its label; two guards make the DaemonSets
// obey it, so that the controllers finish what was begun even when this program
// is gone. Another placement leaves nodes out of the DaemonSets by their host
// names, as a known story went; all else is the same. The engine decides when a
// node may be given away (floor, gates), writes its intention to the journal
// before and the outcome after, and on the way asks the world instead of its
// memory. It prints nothing; an Observer is told.
package cutover
