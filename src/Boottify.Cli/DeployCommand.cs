using System.CommandLine;

namespace Boottify.Cli;

/// <summary><c>boottify deploy APP</c>: deploys the branch's head, or a commit, and follows it to its end.</summary>
internal static class DeployCommand
{
    public static Command Create()
    {
        var app = new Argument<string>("app") { Description = "The app's id." };
        var commit = new Option<string?>("--commit") { Description = "A commit, branch or tag; the branch's head if left out." };
        var command = new Command("deploy", "Deploy an app and follow the deployment.") { app, commit };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = new Api();
            var path = $"api/apps/{Uri.EscapeDataString(parsed.GetRequiredValue(app))}/deployments";
            var accepted = await api.SendAsync(HttpMethod.Post, path, new { commit = parsed.GetValue(commit) }, cancellation);
            return await Follower.FollowAsync(api, accepted.GetProperty("id").GetString()!, cancellation);
        });
        return command;
    }
}
