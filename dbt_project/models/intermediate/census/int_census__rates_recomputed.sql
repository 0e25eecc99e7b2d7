with published as (
    select area_code, area_level, region_code, census_year, indicator, value, value_status
    from {{ ref('int_census__indicators_by_area') }}
    where is_current
),

rates as (
    select
        indicator,
        numerator,
        denominator,
        denominator_adds_numerator,
        uses_working_days,
        scale,
        leave_out_u,
        leave_out_x_until,
        withheld_above
    from {{ ref('census_indicators') }}
    where indicator_basis = 'published' and numerator is not null
),

inputs as (
    select
        numerators.area_code,
        numerators.area_level,
        numerators.region_code,
        numerators.census_year,
        rates.indicator,
        numerators.value as numerator,
        numerators.value_status as numerator_status,
        denominators.value as denominator,
        denominators.value_status as denominator_status,
        -- DfE leaves an authority with an unreliable input out of both sides of a regional or national rate,
        -- though its published regional counts still contain it; in the first years of the cover rates, `x` as well.
        coalesce(rates.leave_out_u and 'u' in (numerators.value_status, denominators.value_status), false)
        or coalesce(
            numerators.census_year <= rates.leave_out_x_until
            and 'x' in (numerators.value_status, denominators.value_status),
            false
        ) as is_left_out
    from rates
    inner join published as numerators on rates.numerator = numerators.indicator
    inner join published as denominators
        on
            rates.denominator = denominators.indicator
            and numerators.area_code = denominators.area_code
            and numerators.census_year = denominators.census_year
),

-- An authority counts in its own region, in London where that is Inner or Outer London, and in England.
memberships as (
    select unit_code as region_code, unit_code as area_code
    from {{ ref('dim_reporting_unit') }}
    where unit_level in ('inner_outer', 'london', 'region')
    union all
    select unit_code as region_code, parent_unit_code as area_code
    from {{ ref('dim_reporting_unit') }}
    where unit_level = 'inner_outer'
    union all
    select regions.unit_code as region_code, england.unit_code as area_code
    from {{ ref('dim_reporting_unit') }} as regions
    cross join {{ ref('dim_reporting_unit') }} as england
    where regions.unit_level in ('inner_outer', 'london', 'region') and england.unit_level = 'england'
),

authority_sums as (
    select
        memberships.area_code,
        inputs.census_year,
        inputs.indicator,
        sum(inputs.numerator) filter (where not inputs.is_left_out) as numerator,
        sum(inputs.denominator) filter (where not inputs.is_left_out) as denominator,
        count(*) filter (where inputs.is_left_out) as authorities_left_out
    from inputs
    inner join memberships on inputs.region_code = memberships.region_code
    where inputs.area_level = 'local authority'
    group by memberships.area_code, inputs.census_year, inputs.indicator
),

-- A rate is made from the area's own published counts, unless an authority was left out of it.
chosen as (
    select
        inputs.area_code,
        inputs.census_year,
        inputs.indicator,
        coalesce(authority_sums.authorities_left_out, 0) as authorities_left_out,
        case when authority_sums.authorities_left_out > 0 then authority_sums.numerator else inputs.numerator end
            as numerator,
        case when authority_sums.authorities_left_out > 0 then authority_sums.denominator else inputs.denominator end
            as denominator,
        case when authority_sums.authorities_left_out > 0 then null else inputs.numerator_status end
            as numerator_status,
        case when authority_sums.authorities_left_out > 0 then null else inputs.denominator_status end
            as denominator_status
    from inputs
    left join authority_sums
        on
            inputs.area_code = authority_sums.area_code
            and inputs.census_year = authority_sums.census_year
            and inputs.indicator = authority_sums.indicator
            and inputs.area_level <> 'local authority'
),

divided as (
    select
        chosen.area_code,
        chosen.census_year,
        chosen.indicator,
        chosen.authorities_left_out,
        chosen.numerator_status,
        chosen.denominator_status,
        rates.withheld_above,
        {{ rate_divisor('chosen.numerator', 'chosen.denominator', 'rates', 'chosen.census_year') }} as divisor,
        chosen.numerator * rates.scale
        / {{ rate_divisor('chosen.numerator', 'chosen.denominator', 'rates', 'chosen.census_year') }} as rate
    from chosen
    inner join rates on chosen.indicator = rates.indicator
),

explained as (
    select
        area_code,
        census_year,
        indicator,
        authorities_left_out,
        rate,
        case
            -- Since the 2024 release DfE withholds a cover rate above 100.
            when rate > withheld_above then 'u'
            else {{ rate_status('numerator_status', 'denominator_status', 'divisor') }}
        end as recomputed_status
    from divided
),

final as (
    select
        area_code,
        census_year,
        indicator,
        case when recomputed_status is null then trim_scale(round(rate, 4)) end as recomputed_value,
        recomputed_status,
        authorities_left_out
    from explained
)

select * from final
