// Package deploytest deploys the synthesized templates as an engineer would, with
// the CDK's command line and into CloudFormation, and looks at what is there
// then. AWS is the emulator of tools/emulator. It takes minutes and what `make
// synth` has written, so its tests have the build tag deploy: `make test-deploy`.
package deploytest
