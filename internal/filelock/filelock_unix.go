//go:build unix

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// Take takes the lock of a file, which is made if it is not there. It is let go by
// release or by the end of the process, however that ends. ErrTaken: somebody has it.
func Take(path string) (release func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // G304: a file of ours, where whoever runs it says
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrTaken
		}
		return nil, err
	}
	return f.Close, nil
}
