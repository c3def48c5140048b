using System.Text.RegularExpressions;
using Boottify.Deployments;
using Boottify.Tests.Compose;

namespace Boottify.Tests.Deployments;

/// <summary>The state table of <c>src/Boottify/Deployments/README.md</c>, each of its rows put to <see cref="NextStep"/>.</summary>
public partial class StateTableTests
{
    private const string Spent = "8 times and for 10 minutes, or lost 8 times";
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly Deployment Requested = Deployment.Create(new DeploymentRequested(
        "d1", "a1", "App", "t1", "c0ffee", "main", null, Trigger.Push, "ann", null, null, Now));

    /// <summary>How a row's words become streams; a row with two ways to get there stands for both.</summary>
    private static readonly Dictionary<string, Deployment[]> Streams = new(StringComparer.Ordinal)
    {
        ["ended"] = [Requested.Apply(new DeploymentSuperseded("d2", Now))],
        ["rollback failed or lost, attempts left"] = [Failed(RollingBack(), Step.Rollback), RollingBack()],
        [$"rollback failed {Spent}"] = [Spend(RollingBack(), Step.Rollback), LoseAll(RollingBack(), Step.Rollback)],
        ["rollback succeeded, cancellation requested"] = [Cancelled(Succeeded(RollingBack(), Step.Rollback, 3))],
        ["rollback succeeded, a release was put back"] = [Succeeded(RollingBack(), Step.Rollback, 3)],
        ["rollback succeeded, there was none to put back"] = [Succeeded(RollingBack(), Step.Rollback)],
        ["cancellation requested, no step started"] = [Cancelled(Requested)],
        ["cancellation requested, a step was started"] = [Cancelled(Started(Step.Build)), Cancelled(Succeeded(Started(Step.Build), Step.Build)), Cancelled(Failed(Started(Step.Build), Step.Build))],
        ["requested"] = [Requested],
        ["validate succeeded, and found the push late"] = [Started(Step.Validate).Apply(new StepSucceeded(Step.Validate, 1, "n", Now, 1, new StepFigures { SupersededBy = "d2" }))],
        ["a step succeeded"] = [Succeeded(Started(Step.Build), Step.Build)],
        ["a step failed for good"] = [Failed(Started(Step.Build), Step.Build, retry: false)],
        ["a step failed since what an earlier one made is gone"] = [Succeeded(Started(Step.Build), Step.Build).Apply(new StepStarted(Step.Push, 1, "n", Now)).Apply(new StepFailed(Step.Push, 1, "n", Now, 1, "gone", true, null, Step.Build))],
        [$"a step failed {Spent}"] = [Spend(Started(Step.Build), Step.Build), LoseAll(Started(Step.Build), Step.Build)],
        ["a step failed with a passing fault"] = [Failed(Started(Step.Build), Step.Build)],
        ["a step started and was never heard of again"] = [Started(Step.Build)],
    };

    public static TheoryData<string, string> Rows
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (Match row in Row().Matches(File.ReadAllText(Path.Combine(ComposeFile.Root, "src/Boottify/Deployments/README.md"))))
                rows.Add(row.Groups["stream"].Value, row.Groups["next"].Value);
            return rows;
        }
    }

    [Fact]
    public void Every_row_is_known_here_and_every_case_here_has_its_row() =>
        Rows.Select(r => r.Data.Item1).Should().Equal(Streams.Keys);

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_row_says_what_comes_next(string stream, string next)
    {
        foreach (var deployment in Streams[stream])
            InWords(NextStep.After(deployment, Now)).Should().Be(Concrete(next));
    }

    /// <summary>The rows speak of any step; the streams here have come as far as the build.</summary>
    private static string Concrete(string next) => next switch
    {
        "run the next step of the plan" => "run push, attempt 1",
        "run the same step, attempt + 1, after its wait" => "run build, attempt 2, after its wait",
        "run the same step, attempt + 1" or "run that earlier step, attempt + 1" => "run build, attempt 2",
        "run rollback, attempt + 1" => "run rollback, attempt 2",
        _ => next.StartsWith("run ", StringComparison.Ordinal) ? $"{next}, attempt 1" : next,
    };

    private static string InWords(Decision decision) => decision switch
    {
        Decision.Nothing => "nothing",
        Decision.Run run => $"run {run.Step.ToString().ToLowerInvariant()}, attempt {run.Attempt}{(run.NotBefore == Now.AddSeconds(1) && run.Step != Step.Rollback ? ", after its wait" : "")}",
        Decision.End { Event: DeploymentFailed failed } => failed.Error.Contains("failed too", StringComparison.Ordinal) ? "end: failed, with both reasons" : "end: failed",
        Decision.End { Event: DeploymentRolledBack } => "end: rolledBack",
        Decision.End { Event: DeploymentCancelled } => "end: cancelled",
        Decision.End { Event: DeploymentSuperseded { SupersededBy: "d2" } } => "end: superseded",
        _ => decision.ToString(),
    };

    /// <summary>Failed from the first attempt to the eighth, over ten minutes.</summary>
    private static Deployment Spend(Deployment deployment, Step step) => Failed(
        deployment.Apply(new StepFailed(step, 1, "n", Now.AddMinutes(-10), 1, "it broke", true, Now)).Apply(new StepStarted(step, 8, "n", Now)), step, 8);

    private static Deployment LoseAll(Deployment deployment, Step step) =>
        Enumerable.Range(2, 7).Aggregate(deployment, (d, attempt) => d.Apply(new StepStarted(step, attempt, "n", Now)));

    private static Deployment Started(Step step, int attempt = 1) => Requested.Apply(new StepStarted(step, attempt, "n", Now));

    private static Deployment RollingBack() =>
        Failed(Started(Step.Check), Step.Check, retry: false).Apply(new StepStarted(Step.Rollback, 1, "n", Now));

    private static Deployment Failed(Deployment deployment, Step step, int attempt = 1, bool retry = true) =>
        deployment.Apply(new StepFailed(step, attempt, "n", Now, 1, "it broke", retry, retry ? Now.AddSeconds(1) : null));

    private static Deployment Succeeded(Deployment deployment, Step step, int? restored = null) =>
        deployment.Apply(new StepSucceeded(step, 1, "n", Now, 1, new StepFigures { RestoredRelease = restored }));

    private static Deployment Cancelled(Deployment deployment) => deployment.Apply(new CancellationRequested("ann", Now));

    [GeneratedRegex(@"^\| \d+ \| (?<stream>[^|]+) \| (?<next>[^|]+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
