package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/app/awsapp"
)

// alias is the alias of a key of a stack.
func (a *assembly) alias(t *testing.T, stack, key string) resource {
	t.Helper()
	for _, r := range a.all(stack, "AWS::KMS::Alias") {
		if r.at("TargetKeyId") == "${"+key+".Arn}" {
			return r
		}
	}
	t.Fatalf("%s has no alias", key)
	return resource{}
}

// TestXI12_VaultKeys: the key of fields rotates and encrypts, that of hashes
// computes codes and nothing else; both are found by the names that functions are
// told, and outlive their stack.
func TestXI12_VaultKeys(t *testing.T) {
	t.Parallel()
	a := synth(t)
	for key, want := range map[string]struct {
		alias, spec, usage, rotation any
	}{
		"field-key":   {"alias/fullmakt-test-fields", nil, nil, true},
		"index-key-1": {"alias/fullmakt-test-index-1", "HMAC_256", "GENERATE_VERIFY_MAC", nil},
	} {
		k := a.referred(t, "data", "${"+key+"}")
		if k.at("KeySpec") != want.spec || k.at("KeyUsage") != want.usage || k.at("EnableKeyRotation") != want.rotation {
			t.Errorf("%s: spec %v, for %v, rotated: %v", key, k.at("KeySpec"), k.at("KeyUsage"), k.at("EnableKeyRotation"))
		}
		if k.DeletionPolicy != "Retain" || k.UpdateReplacePolicy != "Retain" || !a.artifact(t, "data").Properties.TerminationProtection {
			t.Errorf("%s can go with its stack", key)
		}
		if got := a.alias(t, "data", key).at("AliasName"); got != want.alias {
			t.Errorf("%s is called %v", key, got)
		}
	}
}

// TestXI12_IndexKeysRotate: a second key of hashes is put before the first, and
// functions may use both.
func TestXI12_IndexKeysRotate(t *testing.T) {
	t.Parallel()
	c := full
	c.IndexKeys, c.ArtificialIDs = []string{"2", "1"}, true
	values, err := c.values([]string{awsapp.EnvFieldKey, awsapp.EnvIndexKeys, awsapp.EnvArtificialIDs})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, name := range []string{awsapp.EnvFieldKey, awsapp.EnvIndexKeys, awsapp.EnvArtificialIDs} {
		got[name] = *values[name]
	}
	if d := cmp.Diff(map[string]string{
		awsapp.EnvFieldKey:      "alias/fullmakt-test-fields",
		awsapp.EnvIndexKeys:     "alias/fullmakt-test-index-2,alias/fullmakt-test-index-1",
		awsapp.EnvArtificialIDs: "true",
	}, got); d != "" {
		t.Errorf("variables (-want +got):\n%s", d)
	}
	a, err := synthesize(c)
	if err != nil {
		t.Fatal(err)
	}
	found := a.referred(t, "api", a.functions("api")["user-find-by-national-id"].at("Role"))
	for _, want := range []string{"kms:GenerateMac on ${index-key-1.Arn}" + hashing, "kms:GenerateMac on ${index-key-2.Arn}" + hashing} {
		if !slices.Contains(rights(t, found), want) {
			t.Errorf("it may not %s, but:\n%v", want, rights(t, found))
		}
	}
}
