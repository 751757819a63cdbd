// Package drivertest is the suite that every driver passes, called in one line with a factory:
//
//	drivertest.Mail(t, factory)   // the reading half
//	drivertest.Writer(t, factory) // and the writing half
//
// Each case gets a server of its own from the factory. The suite knows nothing of protocols: mail is put into a
// server by the factory's own means, and what a server keeps exactly is compared exactly.
package drivertest
