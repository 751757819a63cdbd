// Package powerloss is an engine for tests whose power can be cut. It keeps two states in memory: what updates see,
// and what is on its disk. An update is acknowledged once it is on the disk; updates that wait together go there
// together. When the power is cut, what was not acknowledged is gone, or a beginning of it is there all the same: a
// disk may have kept what nobody was told of.
package powerloss
