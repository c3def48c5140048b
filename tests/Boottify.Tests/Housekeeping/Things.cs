using System.Net;
using Boottify.Apps;
using Boottify.Cluster;
using Boottify.Deployments;
using Boottify.Housekeeping;

namespace Boottify.Tests.Housekeeping;

/// <summary>Apps and deployments as their streams would tell, at a fixed moment.</summary>
internal static class Things
{
    public const string AppId = "shop1234";
    public const string Domain = "apps.example.test";
    public static readonly IPAddress[] EdgeAddresses = [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("2001:db8::1")];
    public static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);
    public static readonly DateTimeOffset Old = Now.AddDays(-1);
    public static readonly DateTimeOffset Young = Now.AddMinutes(-1);

    public static App NewApp(string id = AppId) => App.Create(new AppRegistered(
        id, "team1234", "Shop", new Repository("https://git.example.test/shop.git", "main", ""), new AppSettings(3000, "/", 1, WorkloadResources.Default), "", "", null, "me", Old));

    public static App Released(params (string Digest, DateTimeOffset At)[] releases)
    {
        var app = NewApp();
        foreach (var (index, (digest, at)) in releases.Index())
            app = app.Apply(new ReleaseRecorded(new Release(index + 1, $"d{index}", "c0ffee", $"registry/apps/{AppId}@{digest}", digest, false, 1, at)));
        return app;
    }

    public static Deployment NewDeployment(string id, DateTimeOffset? end = null, string? digest = null, int? toRelease = null)
    {
        var deployment = Deployment.Create(new DeploymentRequested(id, AppId, "Shop", "team1234", "c0ffee", "main", null, Trigger.Push, "me", null, toRelease, Old));
        deployment = deployment with { Figures = new StepFigures { ImageDigest = digest } };
        return end is { } at ? deployment.Apply(new DeploymentFailed("it failed", at)) : deployment;
    }

    public static History History(App? app, params Deployment[] deployments) => new(
        Now,
        app is null
            ? new Dictionary<string, KnownApp>()
            : new Dictionary<string, KnownApp> { [app.Id] = KnownApp.Of(app, deployments.Where(d => !d.Ended), Domain, Now, Grace) },
        deployments.ToDictionary(d => d.Id));
}
