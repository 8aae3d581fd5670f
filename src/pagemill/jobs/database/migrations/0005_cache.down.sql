DROP TABLE cached_bodies, cached_pages;
