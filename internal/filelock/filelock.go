// Package filelock keeps a second process from what the first is at work on.
package filelock

import "errors"

// ErrTaken says that another process has the lock.
var ErrTaken = errors.New("filelock: taken")
