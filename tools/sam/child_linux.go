package main

import (
	"os/exec"
	"syscall"
)

// orphanless makes a server end in order: not by the Ctrl-C that is meant for
// this program, which stops it when it is its turn, and yet with this program,
// however that ends.
func orphanless(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
