using Boottify.Builds;

namespace Boottify.Deployments;

/// <summary>
/// How long one attempt at a step may take before it counts as failed. Where a step's work has a limit of its own, which tells
/// what was too slow, that one has to come first: the deadline follows from it.
/// </summary>
public sealed class StepDeadlines(BuildSettings builds, IConfiguration configuration)
{
    /// <summary>For what a step does besides.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Check = TimeSpan.FromMinutes(5);

    public TimeSpan Of(Step step) => step switch
    {
        Step.Validate => builds.SourceTimeout + Margin,
        // A node that goes on with a deployment fetches its commit anew.
        Step.Build => builds.SourceTimeout + builds.BuildTimeout + (2 * Margin),
        Step.Push => builds.PushTimeout + Margin,
        Step.Check when CheckRolloutHandler.PatienceFrom(configuration) + Margin is var rollout && rollout > Check => rollout,
        Step.Check or Step.Rollback => Check,
        Step.Provision or Step.Publish => TimeSpan.FromMinutes(2),
        Step.Finalize => TimeSpan.FromMinutes(1),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "Not a step."),
    };

    public TimeSpan Longest => Enum.GetValues<Step>().Max(Of);

    /// <summary>What to tell when a deadline was missed: how long it was, and what to do.</summary>
    public string Missed(Step step)
    {
        var setting = step switch
        {
            Step.Validate => "BOOTTIFY_SOURCE_TIMEOUT",
            Step.Build => "BOOTTIFY_SOURCE_TIMEOUT and BOOTTIFY_BUILD_TIMEOUT",
            Step.Push => "BOOTTIFY_PUSH_TIMEOUT",
            Step.Check => "BOOTTIFY_ROLLOUT_SECONDS",
            _ => null,
        };
        var deadline = $"The step {step.ToString().ToLowerInvariant()} did not end within {Of(step).TotalMinutes:0.#} minutes.";
        return setting is null
            ? $"{deadline} Deploy again later; if it ends like this again, the control plane's log says what it waited for."
            : $"{deadline} Deploy again later; if it needs so long, whoever runs this platform can set {setting} higher.";
    }
}
