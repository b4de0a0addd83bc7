package dev.socratic.operator.apply;

import dev.socratic.api.v1alpha1.spec.PlacementSpec;
import dev.socratic.operator.settings.OperatorSettings;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import java.math.BigDecimal;

/** What the pod requests and may use. {@code maxMemory.cpu} is a cap: with the runtime's overhead it is the limit. */
final class TrainerResources {
    private TrainerResources() {}

    static ResourceRequirements of(PlacementSpec placement, OperatorSettings settings) {
        ResourceRequirementsBuilder resources =
                new ResourceRequirementsBuilder().addToRequests("cpu", settings.cpuRequest());
        Quantity memory = settings.memoryRequest();
        Long cap = placement.maxMemoryBytes().get("cpu");
        if (cap != null) {
            BigDecimal limit = BigDecimal.valueOf(cap).add(Quantity.getAmountInBytes(settings.memoryOverhead()));
            resources.addToLimits("memory", new Quantity(limit.toBigInteger().toString()));
            memory = limit.compareTo(Quantity.getAmountInBytes(memory)) < 0
                    ? new Quantity(limit.toBigInteger().toString())
                    : memory;
        }
        resources.addToRequests("memory", memory);
        if (placement.gpus() > 0) {
            resources.addToLimits(GpuScheduling.RESOURCE, new Quantity(String.valueOf(placement.gpus())));
        }
        return resources.build();
    }
}
