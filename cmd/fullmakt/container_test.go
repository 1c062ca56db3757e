package main

import "testing"

func TestDefaultRoute(t *testing.T) {
	t.Parallel()
	const head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
	const local = "eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
	got, err := defaultRoute(head + local + "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n")
	if err != nil || got.String() != "172.17.0.1" {
		t.Errorf("%v, %v, want 172.17.0.1", got, err)
	}
	for _, table := range []string{"", head + local, head + "eth0\t00000000\tgateway\n"} {
		if got, err := defaultRoute(table); err == nil {
			t.Errorf("%q: %v", table, got)
		}
	}
}
