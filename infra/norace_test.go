//go:build !race

package main

import "github.com/aws/jsii-runtime-go"

// closeJSII ends jsii's process and takes away its files.
func closeJSII() { jsii.Close() }
