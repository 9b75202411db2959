#!/usr/bin/env python3
"""Shops near to somebody: in a circle or a box, the nearest first, with distances; checked against all distances."""

import math
import random

from example import Keys, arguments, batches, note, require, show

EARTH_RADIUS_M = 6372797.560856
CITIES = {"Berlin": (13.405, 52.52), "Palermo": (13.361389, 38.115556), "Quito": (-78.4678, -0.1807),
          "Suva": (178.4419, -18.1416), "Tromsø": (18.9553, 69.6492)}
TOLERANCE_M = 0.1


def distance_m(one, other):
    """On a sphere, from longitudes and latitudes in degrees."""
    (lon1, lat1), (lon2, lat2) = (map(math.radians, position) for position in (one, other))
    across = math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(math.sin((lat2 - lat1) / 2) ** 2 + across))


def shops(number):
    """Names and positions, most of them in a city or around it. Those near Suva are on both sides of 180 degrees."""
    chance, cities = random.Random(17), list(CITIES.items())
    for serial in range(number):
        name, (longitude, latitude) = cities[serial % len(cities)]
        longitude += chance.gauss(0, 1.5)
        latitude += chance.gauss(0, 0.5)
        yield f"{name} shop {serial}", ((longitude + 180) % 360 - 180, max(-85, min(85, latitude)))


def within_circle(keys, stored, centre, radius_km):
    """The search finds all shops in the circle, sorted, and no other."""
    found = keys.client.geosearch(keys("shops"), longitude=centre[0], latitude=centre[1], radius=radius_km,
                                  unit="km", sort="ASC", withdist=True)
    distances = {name: distance_m(centre, position) for name, position in stored.items()}
    names = {name for name, _ in found}
    require("each is found once", len(names) == len(found))
    for name, distance in distances.items():
        if abs(distance - radius_km * 1000) > TOLERANCE_M:
            require(f"{name} at {distance} m, circle of {radius_km} km",
                    (name in names) == (distance < radius_km * 1000))
    for name, distance_km in found:
        require(f"distance of {name}", abs(distance_km * 1000 - distances[name]) < TOLERANCE_M)
    require("nearest first", [distance for _, distance in found] == sorted(distance for _, distance in found))
    return found


def within_box(keys, stored, centre, width_km, height_km):
    """The same for a box. Its width depends on the latitude it is measured at, so shops at its sides may do either."""
    found = set(keys.client.geosearch(keys("shops"), longitude=centre[0], latitude=centre[1], width=width_km,
                                      height=height_km, unit="km", sort="ASC"))
    for name, (longitude, latitude) in stored.items():
        height = 2 * distance_m((centre[0], centre[1]), (centre[0], latitude)) / 1000
        widths = [2 * distance_m((centre[0], at), (longitude, at)) / 1000 for at in (centre[1], latitude)]
        if height < height_km - 0.001 and max(widths) < width_km - 0.001:
            require(f"{name} is in the box", name in found)
        if height > height_km + 0.001 or min(widths) > width_km + 0.001:
            require(f"{name} is not in the box", name not in found)
    return found


def main():
    options = arguments(__doc__, shops=(5000, "shops"))
    with Keys(options, "nearest-shops", decode_responses=True) as keys:
        client, given = keys.client, dict(shops(options.shops))
        added = sum(client.geoadd(keys("shops"), [part for name, position in batch for part in (*position, name)])
                    for batch in batches(given.items(), 500))
        show("shops", added, len(given))
        stored = dict(zip(given, (position for batch in batches(given, 500)
                                  for position in client.geopos(keys("shops"), *batch))))
        require("positions are kept to less than a metre",
                all(distance_m(given[name], stored[name]) < 1 for name in given))

        for city, centre in CITIES.items():
            for radius_km in (1, 20, 250, 3000):
                found = within_circle(keys, stored, centre, radius_km)
                print(f"{city}, up to {radius_km} km: {len(found)} shops; the nearest:",
                      ", ".join(f"{name} ({distance:.4f} km)" for name, distance in found[:3]) or "none")
            print(f"{city}, in a box of 300 by 100 km: {len(within_box(keys, stored, centre, 300, 100))} shops")

        first, second = list(given)[0], list(given)[5]
        print(f"from {first} to {second}: {client.geodist(keys('shops'), first, second, 'm')} m,",
              f"{client.geodist(keys('shops'), first, second, 'mi')} miles")
        apart = distance_m(stored[first], stored[second])
        require("the distance of two shops", abs(client.geodist(keys("shops"), first, second) - apart) < TOLERANCE_M)
        print(f"position of {first}: {client.geopos(keys('shops'), first)[0]},",
              f"geohash {client.geohash(keys('shops'), first)[0]}")
        berlin = [name for name, _ in within_circle(keys, stored, CITIES["Berlin"], 250)]
        nearest = client.geosearch(keys("shops"), member=berlin[0], radius=500, unit="km", sort="ASC", count=3)
        by_distance = sorted(stored, key=lambda name: distance_m(stored[berlin[0]], stored[name]))
        show(f"nearest to {berlin[0]}", nearest, by_distance[:3])
        some = client.geosearch(keys("shops"), longitude=13.405, latitude=52.52, radius=250, unit="km", count=5,
                                any=True)
        require("any five of them", len(some) == min(5, len(berlin)) and set(some) <= set(berlin))
        # The distances are kept as scores of a sorted set: pages of results need no second search.
        show("results kept", client.geosearchstore(keys("near"), keys("shops"), longitude=13.405, latitude=52.52,
                                                   radius=250, unit="km", storedist=True), len(berlin))
        show("second page of them", client.zrange(keys("near"), 10, 14), berlin[10:15])
        show("a shop moves", client.geoadd(keys("shops"), [13.405, 52.52, second], ch=True, xx=True), 1)
        nearest = client.geosearch(keys("shops"), longitude=13.405, latitude=52.52, radius=1, unit="km", sort="ASC",
                                   count=1)
        show("and is the nearest", nearest, [second])
        show("a shop closes", client.zrem(keys("shops"), first), 1)
        show("it has no position", client.geopos(keys("shops"), first), [None])
        if options.memory:
            used = client.memory_usage(keys("shops"), samples=0)
            note(f"{used} bytes, {used / len(given):.1f} a shop")


main()
