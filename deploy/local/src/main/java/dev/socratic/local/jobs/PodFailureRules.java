package dev.socratic.local.jobs;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyOnExitCodesRequirement;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyOnPodConditionsPattern;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyRule;
import java.util.List;
import java.util.Objects;

/** A Job's {@code podFailurePolicy}: the first rule that matches a failed pod says what its failure means. */
final class PodFailureRules {
    enum Action {
        COUNT,
        IGNORE,
        FAIL_JOB
    }

    /** What a failure means, and for {@link Action#FAIL_JOB} the message of the Job's condition. */
    record Verdict(Action action, String message) {}

    private static final Verdict COUNT = new Verdict(Action.COUNT, "");

    private final List<PodFailurePolicyRule> rules;

    private PodFailureRules(List<PodFailurePolicyRule> rules) {
        this.rules = rules;
    }

    static PodFailureRules of(Job job) {
        var policy = job.getSpec().getPodFailurePolicy();
        return new PodFailureRules(policy == null ? List.of() : policy.getRules());
    }

    Verdict judge(Pod failed) {
        for (int index = 0; index < rules.size(); index++) {
            var rule = rules.get(index);
            String cause = cause(rule, failed);
            if (cause != null) {
                return verdict(rule.getAction(), index, cause);
            }
        }
        return COUNT;
    }

    private static Verdict verdict(String action, int index, String cause) {
        return switch (action) {
            case "FailJob" -> new Verdict(Action.FAIL_JOB, cause + " matching FailJob rule at index " + index);
            case "Ignore" -> new Verdict(Action.IGNORE, "");
            default -> COUNT;
        };
    }

    private static String cause(PodFailurePolicyRule rule, Pod pod) {
        String name = pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName();
        if (rule.getOnExitCodes() != null) {
            return Pods.terminations(pod)
                    .filter(ended -> matches(rule.getOnExitCodes(), ended))
                    .map(ended -> "Container " + ended.container() + " for pod " + name + " failed with exit code "
                            + ended.state().getExitCode())
                    .findFirst()
                    .orElse(null);
        }
        return rule.getOnPodConditions().stream()
                .filter(pattern -> matches(pattern, pod))
                .map(pattern -> "Pod " + name + " has condition " + pattern.getType())
                .findFirst()
                .orElse(null);
    }

    private static boolean matches(PodFailurePolicyOnExitCodesRequirement wanted, Pods.NamedTermination ended) {
        if (wanted.getContainerName() != null && !wanted.getContainerName().equals(ended.container())) {
            return false;
        }
        int code = ended.state().getExitCode();
        boolean listed = wanted.getValues().contains(code);
        return code != 0 && ("In".equals(wanted.getOperator()) ? listed : !listed);
    }

    private static boolean matches(PodFailurePolicyOnPodConditionsPattern wanted, Pod pod) {
        return pod.getStatus().getConditions().stream()
                .anyMatch(c -> c.getType().equals(wanted.getType())
                        && c.getStatus().equals(Objects.requireNonNullElse(wanted.getStatus(), "True")));
    }
}
