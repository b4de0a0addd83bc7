// Package verdicts asks the libraries of Argo CD and Flux what they make of the operator's statuses.
package verdicts

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/yaml"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// For each file in ../statuses: kstatus (kubectl, Flux without expressions), Flux with the expressions of
// ../flux/fine-tunes.yaml, and Argo CD with health.lua.
var verdicts = map[string]struct{ kstatus, flux, argo, message string }{
	"not-seen":               {"InProgress", "InProgress", "Progressing", "The operator has not seen this version"},
	"edited-not-seen":        {"InProgress", "InProgress", "Progressing", "The operator has not seen this version"},
	"pending":                {"InProgress", "InProgress", "Progressing", "Starting: The Job was created"},
	"pending-unschedulable":  {"InProgress", "InProgress", "Progressing", "Unschedulable: No node takes the pod"},
	"pending-retrying":       {"InProgress", "InProgress", "Progressing", "Retrying: "},
	"pending-superseded":     {"InProgress", "InProgress", "Progressing", "Starting: "},
	"queued":                 {"InProgress", "InProgress", "Progressing", "The Job waits in the Kueue queue gpus."},
	"running-started":        {"InProgress", "InProgress", "Progressing", "The trainer is starting."},
	"running-training":       {"InProgress", "InProgress", "Progressing", "Training: step 120/300, loss 1.4127, 3m10s left"},
	"blocked-secret":         {"Failed", "Failed", "Degraded", "SecretNotFound: The container cannot be created"},
	"blocked-configmap":      {"Failed", "Failed", "Degraded", "ConfigMapNotFound: spec.dataset.uri names ConfigMap"},
	"blocked-queue":          {"Failed", "Failed", "Degraded", "Inadmissible: Kueue does not take the Job"},
	"failed-model":           {"Failed", "Failed", "Degraded", "ModelNotFound: pvc://models/gemma has no config.json"},
	"failed-attempts":        {"Failed", "Failed", "Degraded", "no network"},
	"suspended-before-start": {"InProgress", "Current", "Suspended", "Held back by spec.suspend; set it to false to start."},
	"suspended-stopping":     {"InProgress", "Current", "Suspended", "The trainer writes a checkpoint and stops."},
	"suspended":              {"InProgress", "Current", "Suspended", "go on from the checkpoint at step 100."},
	"succeeded":              {"Current", "Current", "Healthy", "questions: 0 of 20 before, 19 of 20 after"},
}

func TestVerdicts(t *testing.T) {
	evaluator := fluxEvaluator(t)
	seen := 0
	for name, resource := range resources(t) {
		seen++
		t.Run(name, func(t *testing.T) {
			want, known := verdicts[name]
			if !known {
				t.Fatal("the table has no verdict for it")
			}
			kstatus, err := status.Compute(resource)
			if err != nil || string(kstatus.Status) != want.kstatus {
				t.Errorf("kstatus: %v %v, want %s", kstatus, err, want.kstatus)
			}
			flux, err := evaluator.Evaluate(context.Background(), resource)
			if err != nil || string(flux.Status) != want.flux {
				t.Errorf("Flux: %v %v, want %s", flux, err, want.flux)
			}
			argo := health(t, resource)
			if argo.Status != want.argo || !strings.Contains(argo.Message, want.message) {
				t.Errorf("Argo CD: %+v, want %s: …%s…", argo, want.argo, want.message)
			}
		})
	}
	if seen != len(verdicts) {
		t.Errorf("%d files, but %d verdicts", seen, len(verdicts))
	}
}

// A resource of a cluster whose CRD is older than the default of status.
func TestArgoBearsAResourceWithoutStatus(t *testing.T) {
	resource := resources(t)["not-seen"]
	unstructured.RemoveNestedField(resource.Object, "status")
	if argo := health(t, resource); argo.Status != "Progressing" {
		t.Errorf("%+v", argo)
	}
}

func resources(t *testing.T) map[string]*unstructured.Unstructured {
	files, err := filepath.Glob("../statuses/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no statuses: %v", err)
	}
	found := map[string]*unstructured.Unstructured{}
	for _, file := range files {
		json, err := yaml.YAMLToJSON(read(t, file))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		resource := &unstructured.Unstructured{}
		if err := resource.UnmarshalJSON(json); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		found[strings.TrimSuffix(filepath.Base(file), ".yaml")] = resource
	}
	return found
}

func read(t *testing.T, file string) []byte {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
