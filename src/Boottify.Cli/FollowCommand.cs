using System.CommandLine;

namespace Boottify.Cli;

/// <summary><c>boottify follow DEPLOYMENT</c>: its steps and its log from the start, until it ends.</summary>
internal static class FollowCommand
{
    public static Command Create()
    {
        var deployment = new Argument<string>("deployment") { Description = "The deployment's id." };
        var command = new Command("follow", "Show a deployment's steps and log, live. Exit code 0 if it succeeds, 1 if not.") { deployment };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = new Api();
            return await Follower.FollowAsync(api, parsed.GetRequiredValue(deployment), cancellation);
        });
        return command;
    }
}
