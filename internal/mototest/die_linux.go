package mototest

import (
	"os/exec"
	"syscall"
)

// dieWithParent ends the server also when the test binary is killed, by a
// timeout for instance, and runs no cleanup.
func dieWithParent(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
