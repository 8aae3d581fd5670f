"""Names for the same thing: what schemas call a property, and where schema.org and Open Graph put it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_GROUPS = """
name title headline productName jobTitle eventName recipeName heading og:title twitter:title
headline title name og:title
description summary abstract shortDescription og:description description twitter:description
author.name author byline writer writtenBy creator.name creator article:author author
datePublished published publishedAt publishDate publicationDate publishedDate date dateCreated uploadDate \
datePosted posted postedAt article:published_time og:article:published_time
dateModified modified modifiedAt updated updatedAt lastUpdated lastModified article:modified_time \
og:updated_time
image image.url images picture photo thumbnail thumbnailUrl imageUrl og:image og:image:url twitter:image
url link canonicalUrl permalink og:url
articleBody body text content reviewBody
articleSection section category genre article:section product:category
keywords tags tag article:tag keywords
inLanguage language lang og:locale
publisher.name publisher siteName source og:site_name
offers.price price offers.lowPrice offers.priceSpecification.price offers.offers.price amount currentPrice \
salePrice priceAmount priceValue product:price:amount og:price:amount product:sale_price:amount
offers.priceCurrency currency priceCurrency currencyCode offers.priceSpecification.priceCurrency \
offers.offers.priceCurrency product:price:currency og:price:currency baseSalary.currency
offers.availability availability inStock available stock stockStatus product:availability og:availability
offers.highPrice highPrice maxPrice
offers.lowPrice lowPrice minPrice
offers.priceValidUntil priceValidUntil
offers.seller.name seller sellerName vendor merchant
offers.itemCondition itemCondition condition product:condition
brand.name brand manufacturer.name manufacturer maker product:brand og:brand
sku productId productID articleNumber itemNumber mpn product:retailer_item_id
gtin13 gtin ean upc gtin12 gtin14 gtin8 isbn barcode
aggregateRating.ratingValue rating ratingValue averageRating stars score reviewRating.ratingValue
aggregateRating.reviewCount reviewCount numberOfReviews reviewsCount numReviews aggregateRating.ratingCount \
ratingCount
aggregateRating.bestRating bestRating maxRating
review reviews comment comments
recipeIngredient ingredients ingredient
recipeInstructions.text recipeInstructions instructions steps directions method
recipeYield yield servings serves portions
prepTime preparationTime
cookTime cookingTime
totalTime duration time timeRequired
nutrition.calories calories
recipeCuisine cuisine
startDate start starts startsAt eventDate from
endDate end ends endsAt until validThrough deadline closingDate
location.name venue place location venueName jobLocation.address.addressLocality jobLocation
location.address.streetAddress address.streetAddress street streetAddress
address.addressLocality location.address.addressLocality city locality town jobLocation.address.addressLocality
address.addressRegion location.address.addressRegion region state province jobLocation.address.addressRegion
address.postalCode location.address.postalCode postalCode zip zipCode postcode
address.addressCountry location.address.addressCountry country jobLocation.address.addressCountry
organizer.name organizer organiser host
performer.name performer artist byArtist.name
hiringOrganization.name company companyName employer organization organisation
employmentType jobType contractType
baseSalary.value.value baseSalary.value baseSalary salary pay wage
telephone phone phoneNumber tel contactPoint.telephone
email mail emailAddress contactPoint.email
openingHours hours openingTimes
geo.latitude latitude lat
geo.longitude longitude lng lon long
numberOfPages pages pageCount
director.name director
actor.name actors cast
color colour
material materials
weight weight.value itemWeight
size sizes dimensions
"""


@lru_cache(4096)
def key(name: str) -> str:
    """Return a name as names are compared: letters and digits alone, in lower case."""
    return re.sub(r"[\W_]+", "", name).lower()


@dataclass(frozen=True, slots=True)
class PropertyPath:
    """Where a property may be declared: a dotted path, or the name of a `<meta>`; its steps as names are compared."""

    path: str
    steps: tuple[str, ...]

    @classmethod
    def of(cls, path: str) -> PropertyPath:
        """Read a path."""
        return cls(path, tuple(key(step) for step in path.split(".")))


def _table() -> dict[str, list[PropertyPath]]:
    table: dict[str, list[PropertyPath]] = {}
    for group in _GROUPS.strip().splitlines():
        paths = [PropertyPath.of(path) for path in dict.fromkeys(group.split())]
        for property_path in paths:
            known = table.setdefault(key(property_path.path), [])
            known += [other for other in paths if other not in known]
    return table


_PATHS = _table()


@lru_cache(1024)
def paths(name: str) -> tuple[PropertyPath, ...]:
    """Return where a property of this name may be declared, likeliest first."""
    own = PropertyPath(name, (key(name),))
    return own, *(property_path for property_path in _PATHS.get(key(name), []) if property_path.steps != own.steps)
