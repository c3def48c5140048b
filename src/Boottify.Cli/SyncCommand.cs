using System.CommandLine;

namespace Boottify.Cli;

/// <summary><c>boottify sync APP</c>: compares the branch with what has arrived; a push that was missed is deployed and followed.</summary>
internal static class SyncCommand
{
    public static Command Create()
    {
        var app = new Argument<string>("app") { Description = "The app's id." };
        var command = new Command("sync", "Deploy the branch's head if its push was missed.") { app };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = new Api();
            var answer = await api.SendAsync(HttpMethod.Post, $"api/apps/{Uri.EscapeDataString(parsed.GetRequiredValue(app))}/sync", null, cancellation);
            if (!answer.TryGetProperty("deployment", out var current))
                return await Follower.FollowAsync(api, answer.GetProperty("id").GetString()!, cancellation);
            Console.WriteLine($"{answer.GetProperty("commit").GetString()} has arrived: deployment {current.GetProperty("id").GetString()}, {current.GetProperty("status").GetString()}");
            return 0;
        });
        return command;
    }
}
