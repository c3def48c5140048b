using System.CommandLine;

namespace Boottify.Cli;

/// <summary><c>boottify rollback APP</c>: returns to an earlier release and follows it to its end.</summary>
internal static class RollbackCommand
{
    public static Command Create()
    {
        var app = new Argument<string>("app") { Description = "The app's id." };
        var release = new Option<int?>("--release") { Description = "The release's number; the one before the current one if left out." };
        var reason = new Option<string?>("--reason") { Description = "Why; it stays in the history." };
        var domains = new Option<bool>("--domains") { Description = "Put the app's custom domains back to those of the release too." };
        var command = new Command("rollback", "Return to an earlier release: its image, environment and settings.") { app, release, reason, domains };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = new Api();
            var path = $"api/apps/{Uri.EscapeDataString(parsed.GetRequiredValue(app))}/rollback";
            var wish = new { release = parsed.GetValue(release), reason = parsed.GetValue(reason), domains = parsed.GetValue(domains) };
            var accepted = await api.SendAsync(HttpMethod.Post, path, wish, cancellation);
            return await Follower.FollowAsync(api, accepted.GetProperty("id").GetString()!, cancellation);
        });
        return command;
    }
}
