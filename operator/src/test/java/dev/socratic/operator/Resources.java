package dev.socratic.operator;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import io.fabric8.kubernetes.client.utils.Serialization;

/** Resources for tests, as people write them. */
public final class Resources {
    private Resources() {}

    public static SocraticFineTune onTheCpu() {
        return Serialization.unmarshal("""
                apiVersion: socratic.dev/v1alpha1
                kind: SocraticFineTune
                metadata: {name: socratic-ja, namespace: default}
                spec:
                  model: {uri: "pvc://models/gemma", revision: main, dtype: float16, attention: sdpa}
                  lora: {r: 16, alpha: 32, dropout: 0.1, targetModules: [q_proj]}
                  dataset: {uri: "configmap://dialogues/train.jsonl", loss: assistant, shuffle: true}
                  placement: {gpus: 0}
                  output: {uri: "pvc://adapters/socratic-ja"}
                  ttlSecondsAfterFinished: 86400
                  backoffLimit: 3
                """, SocraticFineTune.class);
    }
}
