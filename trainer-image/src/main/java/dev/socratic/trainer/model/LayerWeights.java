package dev.socratic.trainer.model;

import ai.djl.Device;
import dev.socratic.trainer.engine.Linear;
import dev.socratic.trainer.engine.NormWeight;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The weights of one block, all on one device.
 *
 * @param queryKeyValue q_proj, k_proj and v_proj, which read the same input, or the one layer that is all three
 * @param queryNorm over each head of the queries
 * @param gateUp gate_proj and up_proj, or the one layer that is both
 */
record LayerWeights(
        Device device,
        ModelConfig.LayerConfig config,
        NormWeight attentionNorm,
        List<Linear> queryKeyValue,
        Optional<NormWeight> queryNorm,
        Optional<NormWeight> keyNorm,
        Linear output,
        Optional<NormWeight> attentionPostNorm,
        NormWeight mlpNorm,
        List<Linear> gateUp,
        Linear down,
        Optional<NormWeight> mlpPostNorm) {
    Stream<Linear> linears() {
        return Stream.of(queryKeyValue.stream(), Stream.of(output), gateUp.stream(), Stream.of(down))
                .flatMap(part -> part);
    }
}
