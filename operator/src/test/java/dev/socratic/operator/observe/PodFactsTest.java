package dev.socratic.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodFactsTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "created                 | true  | {phase: Pending}",
                "placed                  | true  | {phase: Pending, conditions: [{type: PodScheduled, status: 'True'}]}",
                "its image is pulled     | true  | {containerStatuses: [{state: {waiting: {reason: ContainerCreating}}}]}",
                "its image is not there  | false | {containerStatuses: [{state: {waiting: {reason: ImagePullBackOff}}}]}",
                "no node takes it        | false | {conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable}]}",
                "it runs                 | false | {containerStatuses: [{state: {running: {startedAt: '2026-01-01T00:00:00Z'}}}]}",
                "it is over              | false | {phase: Failed}",
                "it is taken away        | false | {conditions: [{type: DisruptionTarget, status: 'True'}]}",
            })
    void aPodIsOnItsWayWhileNothingElseIsKnownOfIt(String fact, boolean expected, String status) {
        Pod pod = ObservedFields.serialization().unmarshal("metadata: {name: a}\nstatus: " + status, Pod.class);
        assertThat(PodFacts.isOnItsWay(pod)).isEqualTo(expected);
    }
}
