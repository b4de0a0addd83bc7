package dev.socratic.trainer.run;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.spec.DatasetSpec;
import dev.socratic.api.v1alpha1.spec.Dtype;
import dev.socratic.api.v1alpha1.spec.EvaluationSpec;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.checkpoint.Shards;
import dev.socratic.trainer.cuda.Acceleration;
import dev.socratic.trainer.data.Dialogues;
import dev.socratic.trainer.data.Example;
import dev.socratic.trainer.data.HeldOut;
import dev.socratic.trainer.data.Packing;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.export.HtmlReport;
import dev.socratic.trainer.export.ModelCard;
import dev.socratic.trainer.export.PeftAdapter;
import dev.socratic.trainer.export.Replies;
import dev.socratic.trainer.failure.UnwritableFile;
import dev.socratic.trainer.model.BaseWeights;
import dev.socratic.trainer.model.Decoder;
import dev.socratic.trainer.model.LoadRequest;
import dev.socratic.trainer.model.LoadedModel;
import dev.socratic.trainer.model.ModelConfig;
import dev.socratic.trainer.model.Replicas;
import dev.socratic.trainer.parallel.StepGradients;
import dev.socratic.trainer.placement.RunPlan;
import dev.socratic.trainer.progress.RunFacts;
import dev.socratic.trainer.progress.RunHistory;
import dev.socratic.trainer.progress.RunOutcome;
import dev.socratic.trainer.progress.RunPhase;
import dev.socratic.trainer.progress.RunProgress;
import dev.socratic.trainer.run.Planning.Peaks;
import dev.socratic.trainer.storage.OutputFolder;
import dev.socratic.trainer.storage.PublishedOutput;
import dev.socratic.trainer.storage.Storage;
import dev.socratic.trainer.storage.StorageSettings;
import dev.socratic.trainer.tokenizer.ChatTokenizer;
import dev.socratic.trainer.train.StopSignal;
import dev.socratic.trainer.train.Trainer;
import dev.socratic.trainer.train.TrainingJob;
import dev.socratic.trainer.train.TrainingResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The {@code train} command's work, cheap checks first: the output is taken, inputs resolved, dialogues read; then the
 * model is loaded, asked, trained, asked again, and adapter, tokenizer and report appear together.
 */
public final class TrainingRun {
    private static final String CHECKPOINTS = "SOCRATIC_CHECKPOINTS";
    private static final String WITHOUT_KERNELS = "on GPUs with libtorch's operations alone, which are slower: ";
    private static final String HALVES_ON_CPU =
            "spec.quantization.computeDtype is float16, which most CPUs multiply many times slower than float32";

    /** Two whole ones and one that is being written, each of a parameter and its two moments. */
    private static final int CHECKPOINTS_KEPT = 3;

    private static final int STATES = 3;
    private static final long SMALL_FILES = 1 << 20;

    private final Map<String, String> environment;
    private final RunProgress progress;
    private final StopSignal stop;

    public TrainingRun(Map<String, String> environment, RunProgress progress, StopSignal stop) {
        this.environment = environment;
        this.progress = progress;
        this.stop = stop;
    }

    /** @throws dev.socratic.trainer.failure.TrainerFailure if it ends without an adapter; the output stays as it was */
    public RunOutcome run(SocraticFineTune resource) {
        SocraticFineTuneSpec spec = resource.getSpec();
        Storage storage = new Storage(StorageSettings.fromEnvironment(environment));
        try (OutputFolder output = storage.output(spec.output().uri())) {
            progress.phase(RunPhase.Resolving, spec.model().uri());
            output.checkWritable();
            Inputs inputs = Inputs.resolve(storage, spec);
            try (ChatTokenizer tokenizer =
                    ChatTokenizer.load(inputs.model().path(), spec.tokenizer().additionalSpecialTokens())) {
                return new Session(resource, output, inputs, tokenizer).run();
            }
        }
    }

    private final class Session {
        private final SocraticFineTune resource;
        private final SocraticFineTuneSpec spec;
        private final OutputFolder output;
        private final Inputs inputs;
        private final ChatTokenizer tokenizer;
        private final RunHistory history = new RunHistory();
        private final Settings settings;

        Session(SocraticFineTune resource, OutputFolder output, Inputs inputs, ChatTokenizer tokenizer) {
            this.resource = resource;
            this.spec = resource.getSpec();
            this.output = output;
            this.inputs = inputs;
            this.settings = new Settings(spec);
            this.tokenizer = tokenizer.printsDate() ? tokenizer.asOf(firstStart()) : tokenizer;
        }

        private ZonedDateTime firstStart() {
            return FirstStart.of(checkpoints(), settings.trainingRelevant(), inputs.dataset(), ZonedDateTime.now());
        }

        RunOutcome run() {
            ModelConfig config = ModelConfig.read(inputs.model().path());
            HeldOut split = split();
            List<Example> train = packed(split.training());
            List<Example> evaluation = split.evaluation();
            progress.add(new MetricsFromFirstStep(output.folder().resolve(OutputFolder.METRICS)));
            progress.add(history);
            progress.add(new HandOver(output, stop));
            progress.phase(RunPhase.Loading, inputs.model().path().toString());
            try (TorchEngine plain = TorchEngine.start()) {
                Acceleration acceleration = GpuEngine.of(plain, spec, environment);
                acceleration.whyNot().ifPresent(why -> progress.phase(RunPhase.Loading, WITHOUT_KERNELS + why));
                if (multipliesHalvesOnCpu()) {
                    progress.phase(RunPhase.Loading, HALVES_ON_CPU);
                }
                TorchEngine engine = acceleration.engine();
                RunPlan plan = Planning.forThisMachine(config, tokenizer.size(), spec, acceleration.kernels());
                GpuEngine.spend(engine, plan);
                return GpuEngine.work(engine, () -> run(engine, plan, train, evaluation));
            }
        }

        private RunOutcome run(TorchEngine engine, RunPlan plan, List<Example> train, List<Example> evaluation) {
            try (Replicas replicas = Replicas.load(engine, request(plan), plan.replicas())) {
                Decoder decoder = replicas.first();
                progress.plan(facts(decoder, plan, Peaks.NOT_YET));
                output.checkSpace(bytesToWrite(decoder.facts()));
                return run(engine, replicas, plan, train, evaluation);
            }
        }

        private boolean multipliesHalvesOnCpu() {
            return spec.placement().gpus() == 0
                    && spec.quantization() != null
                    && spec.quantization().computeDtype() == Dtype.FLOAT16;
        }

        private HeldOut split() {
            List<Example> examples = examples(inputs.dataset());
            return spec.dataset().evalSplit() != null
                    ? HeldOut.of(
                            examples,
                            spec.dataset().evalSplit(),
                            spec.training().seed())
                    : new HeldOut(
                            examples, inputs.evaluation().map(this::examples).orElse(List.of()));
        }

        private List<Example> packed(List<Example> examples) {
            return spec.dataset().packing()
                    ? Packing.pack(examples, spec.training().maxSequenceLength())
                    : examples;
        }

        private List<Example> examples(Path file) {
            DatasetSpec dataset = spec.dataset();
            return Dialogues.read(file, tokenizer, dataset, spec.training().maxSequenceLength());
        }

        private LoadRequest request(RunPlan plan) {
            return new LoadRequest(
                    inputs.model().path(), spec, plan.map(), tokenizer.size(), inputs.initialAdapter(), plan.saved());
        }

        /** Adapter, embeddings if they grow, checkpoints where they lie beside, and room for the small files. */
        private long bytesToWrite(LoadedModel model) {
            long adapter = model.trainable() * Float.BYTES;
            long embeddings = model.grownBy() > 0 ? (model.parameters() - model.trainable()) * Float.BYTES : 0;
            long checkpoints = environment.containsKey(CHECKPOINTS) ? 0 : CHECKPOINTS_KEPT * STATES * adapter;
            long merged = spec.output().merge()
                    ? model.parameters() * Precision.of(spec.model().dtype()).bytes()
                    : 0;
            return adapter + embeddings + merged + checkpoints + tokenizerBytes() + SMALL_FILES;
        }

        private long tokenizerBytes() {
            try {
                return Files.size(inputs.model().path().resolve("tokenizer.json"));
            } catch (IOException unknown) {
                return 0;
            }
        }

        private RunFacts facts(Decoder decoder, RunPlan plan, Peaks peaks) {
            return new RunFacts(
                    inputs.model().revision().orElse(null),
                    new RunFacts.Parameters(
                            decoder.facts().trainable(), decoder.facts().parameters()),
                    Planning.devices(plan, peaks));
        }

        private RunOutcome run(
                TorchEngine engine, Replicas replicas, RunPlan plan, List<Example> train, List<Example> evaluation) {
            Decoder decoder = replicas.first();
            List<String> before = replies(decoder, "before training");
            progress.phase(RunPhase.Training, train.size() + " examples");
            String runId = RunIdentity.of(settings, inputs.model(), train);
            TrainingJob job = new TrainingJob(runId, spec, train, evaluation, plan.microBatching(), checkpoints());
            TrainingResult result;
            try (StepGradients gradients = StepGradients.of(replicas, plan.pipeline())) {
                result = new Trainer(decoder, gradients, progress, stop).run(job);
            }
            List<String> after = replies(decoder, "after training");
            progress.plan(facts(decoder, plan, Peaks.MEASURED));
            progress.phase(RunPhase.Exporting, output.uri());
            Replies replies = pair(before, after);
            PublishedOutput adapter = publish(engine, decoder, replies, result);
            return RunOutcome.succeeded(message(result, replies), adapter, output.uriOf(HtmlReport.FILE));
        }

        /** In a pod a volume of the run; elsewhere beside the result. */
        private Path checkpoints() {
            return Optional.ofNullable(environment.get(CHECKPOINTS))
                    .map(Path::of)
                    .orElse(output.folder().resolve("checkpoints"));
        }

        private List<String> replies(Decoder decoder, String when) {
            EvaluationSpec asked = spec.evaluation();
            if (asked == null || asked.prompts().isEmpty()) {
                return List.of();
            }
            progress.phase(RunPhase.Evaluating, asked.prompts().size() + " prompts " + when);
            return new Conversation(
                            decoder,
                            tokenizer,
                            inputs.model().path(),
                            spec.tokenizer().additionalSpecialTokens())
                    .replies(asked.prompts(), asked.maxNewTokens());
        }

        private Replies pair(List<String> before, List<String> after) {
            List<Replies.Pair> pairs = new ArrayList<>();
            for (int i = 0; i < before.size(); i++) {
                pairs.add(new Replies.Pair(spec.evaluation().prompts().get(i), before.get(i), after.get(i)));
            }
            return Replies.of(pairs);
        }

        private PublishedOutput publish(TorchEngine engine, Decoder decoder, Replies replies, TrainingResult result) {
            Path staging = output.staging();
            String base = Inputs.baseName(spec, inputs.model());
            String revision = inputs.model().revision().orElse(null);
            new PeftAdapter(spec.lora(), decoder.facts().targetModules(), base, revision, decoder.adapterTensors())
                    .write(staging);
            tokenizer.save(staging);
            String title = resource.getMetadata().getName();
            write(staging.resolve(HtmlReport.FILE), new HtmlReport(title, settings.flat(), history, replies).toHtml());
            write(staging.resolve(Replies.FILE), replies.toJson());
            new ModelCard(title, base, settings.flat(), result)
                    .write(staging, output.folder().resolve(ModelCard.FILE));
            if (spec.output().merge()) {
                Path model = inputs.model().path();
                Path merged = staging.resolve(MergedModel.FOLDER);
                MergedModel.write(
                        engine, spec, model, staging, tokenizer, BaseWeights.AS_TRAINED, Shards.LARGEST, merged);
            }
            return output.publish();
        }

        private String message(TrainingResult result, Replies replies) {
            String trained = result.steps() + " steps";
            if (Double.isFinite(result.lastLoss())) {
                trained += String.format(", last loss %.4f", result.lastLoss());
            }
            return replies.prompts().isEmpty() ? trained : trained + "; " + replies.summary();
        }
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw UnwritableFile.of(file, e);
        }
    }
}
