package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Toleration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Where the run happens and how the model is spread there. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
        value =
                "self.gpus == 0 || !has(self.maxMemory) || self.maxMemory.all(k, !k.matches('^[0-9]+$') || int(k) < self.gpus)",
        messageExpression =
                "'gpus is %d, but maxMemory caps the GPUs %s; allowed: GPU keys below gpus (raise gpus or remove the cap)'"
                        + ".format([self.gpus, self.maxMemory.filter(k, k.matches('^[0-9]+$') && int(k) >= self.gpus)])")
@ValidationRule(value = PlacementSpec.DATA_RULE, messageExpression = PlacementSpec.DATA_MESSAGE)
public record PlacementSpec(
        @JsonPropertyDescription("GPUs of the node that the run gets; 0 trains on the CPU.")
        @Default("1")
        @Min(0)
        @Max(64)
        int gpus,

        @JsonPropertyDescription(
                "How layers are spread over the GPUs: balanced, auto or sequential, or a map from module name to GPU index or cpu.")
        @Default("balanced")
        DeviceMapSpec deviceMap,

        @JsonPropertyDescription(
                "How the GPUs share a run: layers, each holds some of the model's layers, or data, each holds the whole model and takes a share of a step's batches.")
        @Default("layers")
        Parallelism parallelism,

        @JsonPropertyDescription(
                "Memory the run may use a device: key a GPU index from 0, or cpu; value a quantity such as 4Gi.")
        @Size(max = 65)
        @ValidationRule(value = MemoryQuantity.KEYS_RULE, messageExpression = MemoryQuantity.KEYS_MESSAGE)
        Map<String, @Size(min = 1, max = 32) String> maxMemory,

        @JsonPropertyDescription("Labels that the node must have, besides those that follow from gpus and maxMemory.")
        Map<String, String> nodeSelector,

        @JsonPropertyDescription("Taints that the pod tolerates, besides nvidia.com/gpu.")
        List<Toleration> tolerations,

        @JsonPropertyDescription("Further scheduling constraints of the pod.")
        Affinity affinity,

        @JsonPropertyDescription("RuntimeClass of the pod.")
        @Size(min = 1, max = ObjectName.LONGEST)
        @ValidationRule(value = ObjectName.RULE, messageExpression = ObjectName.MESSAGE)
        String runtimeClassName,

        @JsonPropertyDescription("PriorityClass of the pod.")
        @Size(min = 1, max = ObjectName.LONGEST)
        @ValidationRule(value = ObjectName.RULE, messageExpression = ObjectName.MESSAGE)
        String priorityClassName,

        @JsonPropertyDescription("Trainer image to run instead of the one the operator was installed with.")
        @Size(max = ImageName.LONGEST)
        @ValidationRule(value = ImageName.RULE, messageExpression = ImageName.MESSAGE)
        String image) {
    static final String DATA_RULE =
            "self.parallelism != 'data' || self.gpus == 0 || !has(self.maxMemory) || self.maxMemory.filter(k, k != 'cpu').size() in [0, self.gpus]";
    static final String DATA_MESSAGE =
            "'parallelism is data and gpus is %d, but maxMemory caps the GPUs %s; allowed: a cap for each GPU, or for none'"
                    + ".format([self.gpus, self.maxMemory.filter(k, k != 'cpu')])";

    public PlacementSpec {
        maxMemory = maxMemory == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(maxMemory));
        nodeSelector = nodeSelector == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(nodeSelector));
        tolerations = tolerations == null ? List.of() : List.copyOf(tolerations);
    }

    /** {@link #maxMemory()} in bytes, in the order given. */
    public Map<String, Long> maxMemoryBytes() {
        Map<String, Long> bytes = new LinkedHashMap<>();
        maxMemory.forEach((device, quantity) -> bytes.put(device, MemoryQuantity.toBytes(quantity)));
        return bytes;
    }
}
