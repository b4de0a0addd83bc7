package verdicts

import (
	"strings"
	"testing"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/runtime/cel"
	"sigs.k8s.io/yaml"
)

// The expressions of the example, as Flux's kustomize-controller evaluates them.
func fluxEvaluator(t *testing.T) *cel.StatusEvaluator {
	for _, document := range strings.Split(string(read(t, "../flux/fine-tunes.yaml")), "\n---\n") {
		var kustomization kustomizev1.Kustomization
		if !strings.Contains(document, "healthCheckExprs:") {
			continue
		}
		if err := yaml.UnmarshalStrict([]byte(document), &kustomization); err != nil {
			t.Fatal(err)
		}
		evaluator, err := cel.NewStatusEvaluator(&kustomization.Spec.HealthCheckExprs[0].HealthCheckExpressions)
		if err != nil {
			t.Fatal(err)
		}
		return evaluator
	}
	t.Fatal("no healthCheckExprs in the example")
	return nil
}
