package dev.socratic.cluster.life;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;

/** Two replicas: the leader dies, the other one goes on with its work. */
@Isolated("the leader serves all tests")
class HighAvailabilityTest {
    @RegisterExtension
    static final Installation CLUSTER = new Installation();

    @Test
    void secondReplicaTakesOver() {
        KubernetesClient client = CLUSTER.client();
        FineTune run = CLUSTER.fineTune("handed-over");
        run.apply("{}");
        SocraticFineTuneStatus before = run.awaitStep(1);
        String leader = lease().getSpec().getHolderIdentity();
        client.pods()
                .inNamespace(Installation.OPERATOR_NAMESPACE)
                .withName(leader)
                .withGracePeriod(0)
                .delete();
        client.resource(lease())
                .informOnCondition(leases -> leases.stream()
                        .anyMatch(lease -> !leader.equals(lease.getSpec().getHolderIdentity())))
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
        int step = run.status().progress().step();
        SocraticFineTuneStatus after = run.awaitStep(step + 1);
        assertThat(after.phase()).isEqualTo(Phase.RUNNING);
        assertThat(after.runId()).isEqualTo(before.runId());
        assertThat(after.attempts()).isEqualTo(1);
        assertThat(run.jobs()).hasSize(1);
        run.delete();
    }

    private static Lease lease() {
        List<Lease> leases = CLUSTER.client()
                .leases()
                .inNamespace(Installation.OPERATOR_NAMESPACE)
                .list()
                .getItems();
        assertThat(leases).hasSize(1);
        return leases.get(0);
    }
}
